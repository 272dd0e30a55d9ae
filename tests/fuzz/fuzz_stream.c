/* However a stream is cut into portions, the same news and the same bytes come out. */
#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "sip/message.h"
#include "sip/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What came out, as a hash of it all. */
struct story {
    uint64_t hash;
    size_t count;
};

static void add_news(struct story *story, enum sip_stream_news news, struct slice out)
{
    const struct hash_key key = {story->hash, news};
    struct sip_message msg;
    struct sip_fault fault;

    story->hash = hash_bytes(&key, out);
    story->count++;
    if (news == SIP_STREAM_MESSAGE && sip_message_parse(out, &msg, &fault))
        assert(msg.bytes.len == out.len); /* the parser sees the same Content-Length */
}

/* A portion stands in memory of its own, gone once it is taken. */
static void feed(struct sip_stream *stream, struct slice portion, struct story *story)
{
    enum sip_stream_news news;
    struct slice out;
    char *copy = malloc(portion.len);

    memcpy(copy, portion.ptr, portion.len);
    sip_stream_feed(stream, (struct slice){copy, portion.len});
    while ((news = sip_stream_next(stream, &out)) != SIP_STREAM_WANTS_MORE)
        add_news(story, news, out);
    free(copy);
}

static struct story read_in_portions(struct slice input, size_t max_bytes, size_t seed)
{
    struct sip_stream stream;
    struct story story = {0};

    sip_stream_init(&stream, max_bytes);
    while (input.len > 0) {
        seed = seed * 6364136223846793005 + 1442695040888963407;
        size_t portion = 1 + (seed >> 33) % (seed >> 60 > 4 ? 20 : 200);
        portion = portion < input.len ? portion : input.len;
        feed(&stream, (struct slice){input.ptr, portion}, &story);
        input = slice_after(input, portion);
    }
    sip_stream_fini(&stream);
    return story;
}

/* The first bytes choose a ceiling and how to cut. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 3)
        return 0;
    struct slice input = {(const char *)bytes + 2, len - 2};
    size_t max_bytes = bytes[0] < 128 ? SIP_MAX_MESSAGE : (size_t)bytes[0] * 8;
    struct sip_stream stream;
    struct story whole = {0};

    sip_stream_init(&stream, max_bytes);
    feed(&stream, input, &whole);
    sip_stream_fini(&stream);
    struct story torn = read_in_portions(input, max_bytes, bytes[1]);
    assert(whole.count == torn.count && whole.hash == torn.hash);
    return 0;
}
