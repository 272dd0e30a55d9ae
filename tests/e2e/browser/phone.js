/* A phone of JsSIP in a tab, which says what happens to it. */
const JsSIP = require('jssip');

let phone = null;
let call = null;

function watch(session) {
  call = session;
  session.on('progress', () => said('ringing'));
  session.on('confirmed', () => said('confirmed'));
  session.on('failed', (event) => said(`failed ${event.cause}`));
  session.on('ended', (event) => said(`ended ${event.originator}`));
}

const media = { mediaConstraints: { audio: true, video: false }, pcConfig: { iceServers: [] } };

window.start = (uri, password, server) => {
  phone = new JsSIP.UA({ sockets: [new JsSIP.WebSocketInterface(server)], uri, password });
  phone.on('connected', () => said('connected'));
  phone.on('registered', () => said('registered'));
  phone.on('registrationFailed', (event) => said(`not registered: ${event.cause}`));
  phone.on('newMessage', ({ originator, request }) => {
    if (originator === 'remote') said(`message ${request.body}`);
  });
  phone.on('newRTCSession', ({ originator, session }) => {
    watch(session);
    if (originator === 'remote') said(`called by ${session.remote_identity.uri}`);
  });
  phone.start();
};

window.write = (to, text) => new Promise((done) => {
  phone.sendMessage(to, text, { eventHandlers: {
    succeeded: () => done('delivered'), failed: (event) => done(`failed ${event.cause}`) } });
});

window.dial = (to) => { phone.call(to, media); };
window.answer = () => { call.answer(media); };
window.hangUp = () => { call.terminate(); };
window.stop = () => { phone.stop(); };

/* The loudest frequency of what is heard, in Hz; 0: silence. */
window.hears = async () => {
  const receiver = call.connection.getReceivers().find((r) => r.track.kind === 'audio');
  const stream = new MediaStream([receiver.track]);
  const player = new Audio();
  player.srcObject = stream; /* else Chromium does not decode */
  player.muted = true;
  await player.play();
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 8192;
  context.createMediaStreamSource(stream).connect(analyser);
  await new Promise((done) => setTimeout(done, 500));
  const loudness = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(loudness);
  const peak = loudness.indexOf(Math.max(...loudness));
  const rate = context.sampleRate;
  await context.close();
  return loudness[peak] > -70 ? (peak * rate) / analyser.fftSize : 0;
};
