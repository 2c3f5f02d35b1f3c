// A stand-in for Janus' core that drives the media engine from as many threads as Janus has: requests, media loops, the administration, and
// phones on loopback. Built with the thread sanitizer, together with the engine; see Tests/sanitized.
//
//   threads [SECONDS]
//
// A fifth of the time no descriptor can be had. What the sanitizer finds ends the program. It fails as well when a handle is left, or when no media
// flowed.
#include "CJanusPlugin.h"
#include <arpa/inet.h>
#include <debug.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

extern janus_plugin *create(void);

// What the library takes from the program that loads it.
int janus_log_level = LOG_WARN, lock_debug = 0, refcount_debug = 0;
gboolean janus_log_timestamps = FALSE, janus_log_colors = FALSE;
char *janus_log_global_prefix = NULL;
void janus_vprintf(const char *format, ...) {
	va_list list;
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
}
janus_plugin_result *janus_plugin_result_new(janus_plugin_result_type type, const char *text, json_t *content) {
	janus_plugin_result *result = calloc(1, sizeof(*result));
	result->type = type;
	result->text = text;
	result->content = content;
	return result;
}
void janus_plugin_rtp_extensions_reset(janus_plugin_rtp_extensions *extensions) { memset(extensions, 0, sizeof(*extensions)); }

// Captures: each recorder counts, so that two threads in one of them are found.
static atomic_int recorders;
static atomic_ulong captured;
janus_recorder *janus_recorder_create_full(const char *dir, const char *codec, const char *fmtp, const char *name) {
	atomic_fetch_add(&recorders, 1);
	return calloc(1, sizeof(janus_recorder));
}
int janus_recorder_save_frame(janus_recorder *recorder, char *buffer, uint length) {
	recorder->type++;
	atomic_fetch_add(&captured, 1);
	return 0;
}
int janus_recorder_close(janus_recorder *recorder) { return recorder->type++, 0; }
void janus_recorder_destroy(janus_recorder *recorder) {
	atomic_fetch_sub(&recorders, 1);
	free(recorder);
}

// What the engine has the core do.
static atomic_ulong relayed, events, feedback;
static int push_event(janus_plugin_session *s, janus_plugin *p, const char *transaction, json_t *message, json_t *jsep) {
	atomic_fetch_add(&events, 1);
	char *text = json_dumps(message, 0);
	free(text);
	// The core refuses some.
	return jsep && (uintptr_t)s & 64 ? -1 : 0;
}
static void relay_rtp(janus_plugin_session *session, janus_plugin_rtp *packet) {
	unsigned sum = 0;
	for(int i = 0; i < packet->length; i++) sum += (unsigned char)packet->buffer[i];
	atomic_fetch_add(&relayed, sum > 0);
}
static void relay_rtcp(janus_plugin_session *session, janus_plugin_rtcp *packet) { atomic_fetch_add(&feedback, 1); }
static void send_pli(janus_plugin_session *session, int mindex) { atomic_fetch_add(&feedback, 1); }
static void send_remb(janus_plugin_session *session, guint32 rate) { atomic_fetch_add(&feedback, 1); }
static janus_callbacks callbacks = {
	.push_event = push_event, .relay_rtp = relay_rtp, .relay_rtcp = relay_rtcp, .send_pli_stream = send_pli, .send_remb = send_remb,
};

// Handles. Half of them are phones', half of them PeerConnections'; each belongs to a loop, which ends it.
enum { SLOTS = 24, LOOPS = 2, REQUESTERS = 3, PHONES = 2 };
typedef struct {
	pthread_mutex_t mutex;
	janus_plugin_session *session;
	long long leg;
	int ports[2];
	int is_up;
} slot;
static slot slots[SLOTS];
static janus_plugin *plugin;
static atomic_int over, handles;
static int phones[PHONES], phone_ports[PHONES];
static atomic_ulong heard;

static unsigned next(unsigned *state, unsigned bound) {
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 8) % bound;
}
static void session_free(const janus_refcount *ref) {
	free(janus_refcount_containerof(ref, janus_plugin_session, ref));
	atomic_fetch_sub(&handles, 1);
}

// A handle's session with a reference; it may end meanwhile, as in Janus.
static janus_plugin_session *retain(slot *s) {
	pthread_mutex_lock(&s->mutex);
	janus_plugin_session *session = s->session;
	if(session) janus_refcount_increase(&session->ref);
	pthread_mutex_unlock(&s->mutex);
	return session;
}
static void begin(slot *s) {
	janus_plugin_session *session = calloc(1, sizeof(*session));
	// Before the plugin knows it, unlike in Janus: no thread may be told of it before it can be counted.
	janus_refcount_init(&session->ref, session_free);
	janus_refcount_increase(&session->ref);
	atomic_fetch_add(&handles, 1);
	int error = 0;
	plugin->create_session(session, &error);
	pthread_mutex_lock(&s->mutex);
	s->session = session;
	s->leg = 0;
	s->ports[0] = s->ports[1] = 0;
	s->is_up = 0;
	pthread_mutex_unlock(&s->mutex);
}
// In the loop's thread.
static void end(slot *s) {
	pthread_mutex_lock(&s->mutex);
	janus_plugin_session *session = s->session;
	int is_up = s->is_up;
	s->session = NULL;
	s->ports[0] = s->ports[1] = 0;
	pthread_mutex_unlock(&s->mutex);
	if(!session) return;
	int error = 0;
	if(is_up) plugin->hangup_media(session);
	plugin->destroy_session(session, &error);
	janus_refcount_decrease(&session->ref);
}

static void ask(slot *s, const char *text, const char *sdp) {
	janus_plugin_session *session = retain(s);
	if(!session) return;
	json_t *jsep = sdp ? json_pack("{ssss}", "type", sdp, "sdp", "v=0") : NULL;
	janus_plugin_result *result = plugin->handle_message(session, strdup("t"), json_loads(text, 0, NULL), jsep);
	if(result && result->content) {
		pthread_mutex_lock(&s->mutex);
		if(s->session == session) {
			json_t *leg = json_object_get(result->content, "leg");
			if(leg) s->leg = json_integer_value(leg);
			json_t *audio = json_object_get(json_object_get(result->content, "audio"), "port");
			json_t *video = json_object_get(json_object_get(result->content, "video"), "port");
			if(audio) s->ports[0] = json_integer_value(audio);
			if(video) s->ports[1] = json_integer_value(video);
		}
		pthread_mutex_unlock(&s->mutex);
		json_decref(result->content);
	}
	free(result);
	janus_refcount_decrease(&session->ref);
}

static void configure(int index, unsigned *state) {
	slot *s = &slots[index];
	// An echo is its own peer.
	int other = next(state, 3) ? (index % 2 ? index - 1 : index + 1) : next(state, 2) ? index : (int)next(state, SLOTS);
	pthread_mutex_lock(&slots[other].mutex);
	long long peer = slots[other].leg;
	pthread_mutex_unlock(&slots[other].mutex);
	static const char *keys[] = {
		"", ",\"srtp\":{\"suite\":\"AES_CM_128_HMAC_SHA1_80\",\"local\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
		"\"remote\":\"BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB\"}",
	};
	static const char *feedback[] = {"[]", "[\"nack\",\"pli\"]", "[\"fir\"]"};
	static const char *records[] = {"null", "\"/dev/null/a\"", "\"/dev/null/b\""};
	const char *secret = keys[next(state, 8) == 0], *asks = feedback[next(state, 3)], *record = records[next(state, 3)];
	int port = phone_ports[next(state, PHONES)];
	char text[2048];
	snprintf(text, sizeof(text),
		"{\"request\":\"configure\",\"test\":%s,\"peer\":%s%lld,\"bitrate\":%u,\"record\":%s,\"latching\":\"%s\",\"media\":["
		"{\"kind\":\"audio\",\"mindex\":0,\"receive\":%s,\"send\":true,\"payloads\":[{\"type\":0,\"codec\":\"pcmu\",\"clock\":8000},"
		"{\"type\":101,\"codec\":\"telephone-event\",\"clock\":8000}],\"remote\":{\"address\":\"127.0.0.1\",\"port\":%d}%s},"
		"{\"kind\":\"video\",\"mindex\":1,\"receive\":true,\"send\":%s,\"payloads\":[{\"type\":96,\"codec\":\"vp8\",\"clock\":90000}],"
		"\"feedback\":%s,\"remote\":{\"address\":\"127.0.0.1\",\"port\":%d,\"rtcp_mux\":true}%s}]}",
		next(state, 2) ? "true" : "false", peer ? "" : "null,\"x\":", peer, next(state, 2) * 500000, record, next(state, 8) ? "auto" : "off", next(state, 5) ? "true" : "false",
		port, secret, next(state, 5) ? "true" : "false", asks, port, secret);
	ask(s, text, NULL);
}

static void *request(void *argument) {
	unsigned state = 17u + (unsigned)(uintptr_t)argument * 7919u;
	while(!atomic_load(&over)) {
		int index = (int)next(&state, SLOTS);
		slot *s = &slots[index];
		switch(next(&state, 11)) {
		case 0: {
			// The one who finds the place empty fills it.
			static pthread_mutex_t filling = PTHREAD_MUTEX_INITIALIZER;
			pthread_mutex_lock(&filling);
			janus_plugin_session *session = retain(s);
			if(session) {
				janus_refcount_decrease(&session->ref);
			} else {
				begin(s);
			}
			pthread_mutex_unlock(&filling);
			// Phones have even numbers.
			if(index % 2 == 0) ask(s, "{\"request\":\"open\",\"address\":\"127.0.0.1\",\"media\":[\"audio\",\"video\"],\"ports\":[30000,30400]}", NULL);
			else ask(s, "{\"request\":\"attach\"}", NULL);
			break;
		}
		case 1: ask(s, "{\"request\":\"statistics\"}", NULL); break;
		case 2: ask(s, "{\"request\":\"keyframe\"}", NULL); break;
		case 3: if(index % 2) ask(s, "{\"request\":\"give\",\"type\":\"offer\",\"sdp\":\"v=0\"}", NULL); break;
		case 4: if(index % 2) ask(s, "{\"request\":\"take\"}", "answer"); break;
		case 5: {
			// Janus' administration.
			janus_plugin_session *session = retain(s);
			if(!session) break;
			json_decref(plugin->query_session(session));
			janus_refcount_decrease(&session->ref);
			break;
		}
		case 6: {
			static const char *signals[] = {
				"\"tone\",\"frequency\":1004", "\"silence\"", "\"delay\",\"time\":50", "\"playback\",\"time\":100", "\"echo\"",
			};
			char text[128];
			snprintf(text, sizeof(text), "{\"request\":\"signal\",\"signal\":%s}", signals[next(&state, 5)]);
			ask(s, text, NULL);
			break;
		}
		default: configure(index, &state);
		}
		usleep(300);
	}
	return NULL;
}

static int write_packet(unsigned char *bytes, int kind, unsigned *state) {
	memset(bytes, (int)next(state, 256), 200);
	static atomic_uint numbers[2];
	bytes[0] = 0x80;
	switch(kind) {
	case 0: case 1: {
		unsigned number = atomic_fetch_add(&numbers[kind], next(state, 10) ? 1 : 3);
		unsigned char header[] = {0x80, kind ? 96 : (next(state, 10) ? 0 : 101), number >> 8, number, 0, 0, number >> 3, number << 5, 1, 2, 3, 4 + kind};
		memcpy(bytes, header, sizeof(header));
		return 180;
	}
	case 2: memcpy(bytes, (unsigned char[]){0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2}, 12); return 12;
	case 3: memcpy(bytes, (unsigned char[]){0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 9, 255, 255}, 16); return 16;
	default: memcpy(bytes, (unsigned char[]){0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 203, 0, 1, 0, 0, 0, 1}, 16); return 16;
	}
}

static void *be_phone(void *argument) {
	int own = (int)(uintptr_t)argument;
	unsigned state = 99u + (unsigned)own;
	unsigned char bytes[2400];
	while(!atomic_load(&over)) {
		for(int index = 0; index < SLOTS; index += 2) {
			pthread_mutex_lock(&slots[index].mutex);
			int ports[2] = {slots[index].ports[0], slots[index].ports[1]};
			pthread_mutex_unlock(&slots[index].mutex);
			int kind = (int)next(&state, 12), medium = kind == 0 || kind > 4 ? (int)next(&state, 2) : 1;
			if(kind > 4) kind = medium;
			else if(kind < 2) kind = medium;
			if(!ports[medium]) continue;
			struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(ports[medium] + (kind > 1 && next(&state, 2))),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
			sendto(phones[own], bytes, write_packet(bytes, kind, &state), 0, (struct sockaddr *)&name, sizeof(name));
		}
		while(recv(phones[own], bytes, sizeof(bytes), MSG_DONTWAIT) > 0) atomic_fetch_add(&heard, 1);
		usleep(500);
	}
	return NULL;
}

// One turn of a loop of Janus: packets of its PeerConnections, and their ends.
static gboolean turn(gpointer argument) {
	static _Thread_local unsigned state = 0;
	int own = (int)(uintptr_t)argument;
	if(!state) state = 1234u + (unsigned)own;
	for(int round = 0; round < 8; round++) {
		int index = (int)next(&state, SLOTS / 4) * 4 + own * 2 + (int)next(&state, 2);
		slot *s = &slots[index];
		if(next(&state, 400) == 0) {
			end(s);
			continue;
		}
		janus_plugin_session *session = index % 2 ? retain(s) : NULL;
		if(!session) continue;
		pthread_mutex_lock(&s->mutex);
		int is_up = s->is_up, toggles = next(&state, is_up ? 200 : 4) == 0 && s->session == session;
		if(toggles) s->is_up = !is_up;
		pthread_mutex_unlock(&s->mutex);
		char bytes[256];
		if(toggles && !is_up) plugin->setup_media(session);
		else if(toggles) plugin->hangup_media(session);
		else if(is_up && next(&state, 6)) {
			int video = (int)next(&state, 2), length = write_packet((unsigned char *)bytes, video, &state);
			janus_plugin_rtp packet = {.mindex = video, .video = video, .buffer = bytes, .length = length};
			plugin->incoming_rtp(session, &packet);
		} else if(is_up) {
			janus_plugin_rtcp packet = {.mindex = 1, .video = 1, .buffer = bytes, .length = write_packet((unsigned char *)bytes, 2 + (int)next(&state, 3), &state)};
			plugin->incoming_rtcp(session, &packet);
		}
		janus_refcount_decrease(&session->ref);
	}
	return atomic_load(&over) ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}
static void *run_loop(void *argument) {
	GMainContext *context = g_main_context_new();
	GSource *source = g_timeout_source_new(1);
	g_source_set_callback(source, turn, argument, NULL);
	g_source_attach(source, context);
	while(!atomic_load(&over)) g_main_context_iteration(context, TRUE);
	// The handles end in the loop's thread.
	for(int index = 0; index < SLOTS; index++)
		if(index / 2 % LOOPS == (int)(uintptr_t)argument) end(&slots[index]);
	g_source_unref(source);
	g_main_context_unref(context);
	return NULL;
}

static void bind_phone(int index) {
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(name);
	phones[index] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if(bind(phones[index], (struct sockaddr *)&name, length) || getsockname(phones[index], (struct sockaddr *)&name, &length)) {
		perror("threads: no socket for a phone");
		exit(1);
	}
	phone_ports[index] = ntohs(name.sin_port);
}

// For a moment there is no descriptor to be had.
static void exhaust_descriptors(void) {
	struct rlimit all, none;
	int lowest = dup(0);
	close(lowest);
	getrlimit(RLIMIT_NOFILE, &all);
	none = all;
	none.rlim_cur = (rlim_t)lowest;
	setrlimit(RLIMIT_NOFILE, &none);
	usleep(200000);
	setrlimit(RLIMIT_NOFILE, &all);
}

int main(int count, char **arguments) {
	int seconds = count > 1 ? atoi(arguments[1]) : 20;
	plugin = create();
	if(plugin->init(&callbacks, "") != 0) return 1;
	for(int index = 0; index < SLOTS; index++) pthread_mutex_init(&slots[index].mutex, NULL);
	for(int index = 0; index < PHONES; index++) bind_phone(index);
	pthread_t threads[REQUESTERS + PHONES + LOOPS];
	int started = 0;
	for(long index = 0; index < REQUESTERS; index++) pthread_create(&threads[started++], NULL, request, (void *)index);
	for(long index = 0; index < PHONES; index++) pthread_create(&threads[started++], NULL, be_phone, (void *)index);
	for(long index = 0; index < LOOPS; index++) pthread_create(&threads[started++], NULL, run_loop, (void *)index);
	for(int passed = 0; passed < seconds; passed++) {
		usleep(800000);
		exhaust_descriptors();
		if(passed % 10 == 9)
			printf("threads: %d s of %d; to phones %lu packets, to PeerConnections %lu, captured %lu, feedback %lu, events %lu\n", passed + 1,
				seconds, atomic_load(&heard), atomic_load(&relayed), atomic_load(&captured), atomic_load(&feedback), atomic_load(&events));
		fflush(stdout);
	}
	atomic_store(&over, 1);
	for(int index = 0; index < started; index++) pthread_join(threads[index], NULL);
	// The engine keeps a handle for two seconds.
	for(int index = 0; index < 100 && atomic_load(&handles) > 0; index++) usleep(100000);
	plugin->destroy();
	int is_good = atomic_load(&handles) == 0 && atomic_load(&recorders) == 0 && atomic_load(&heard) > 100 && atomic_load(&relayed) > 100
		&& atomic_load(&captured) > 100 && atomic_load(&feedback) > 10 && atomic_load(&events) > 10;
	printf("threads: %d handles and %d captures are left; to phones %lu packets, to PeerConnections %lu, captured %lu, feedback %lu, events %lu\n",
		atomic_load(&handles), atomic_load(&recorders), atomic_load(&heard), atomic_load(&relayed), atomic_load(&captured),
		atomic_load(&feedback), atomic_load(&events));
	return is_good ? 0 : 1;
}

// The compiler takes an inout access to one field of a leg for a write of the whole leg, whose fields have several locks. Real reads and writes are
// all instrumented by themselves, so Tests/sanitized has these accesses call this.
void tern_whole_access(void *address, void *caller, void *tag) {}
