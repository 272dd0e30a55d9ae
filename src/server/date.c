/* rfc1123-date = wkday "," SP date1 SP time SP "GMT": the C locale's names are those of the RFC. */
#include "server/date.h"

#include <time.h>

struct slice date_at(struct date *date, uint64_t wall_ms)
{
    time_t now = (time_t)(wall_ms / 1000);
    struct tm tm;

    if (date->len == 0 || date->second != (uint64_t)now) {
        gmtime_r(&now, &tm);
        date->len = strftime(date->text, sizeof(date->text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        date->second = (uint64_t)now;
    }
    return (struct slice){date->text, date->len};
}
