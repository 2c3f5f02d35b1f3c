// What Swift cannot import of Janus' plugin interface: macros, function pointers in constant fields, GNU extensions. No logic.
#pragma once
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <glib.h>
#include <jansson.h>
#include <plugins/plugin.h>
#include <record.h>

/// The plugin, whose functions are Swift's.
janus_plugin *tern_plugin(void);

/// The core's callbacks; set once, by init.
extern janus_callbacks *tern_core;
static inline void tern_set_core(janus_callbacks *core) { tern_core = core; }

static inline void tern_relay_rtp(janus_plugin_session *session, janus_plugin_rtp *packet) { tern_core->relay_rtp(session, packet); }
static inline void tern_send_pli(janus_plugin_session *session, int mindex) { tern_core->send_pli_stream(session, mindex); }
static inline void tern_send_remb(janus_plugin_session *session, uint32_t bitrate) { tern_core->send_remb(session, bitrate); }
static inline int tern_push_event(janus_plugin_session *session, const char *transaction, json_t *message, json_t *jsep) {
	return tern_core->push_event(session, tern_plugin(), transaction, message, jsep);
}

static inline void tern_session_retain(janus_plugin_session *session) { janus_refcount_increase(&session->ref); }
static inline void tern_session_release(janus_plugin_session *session) { janus_refcount_decrease(&session->ref); }

/// The loop that calls; NULL where no loop does.
static inline GMainContext *tern_current_loop(void) {
	GSource *source = g_main_current_source();
	return source ? g_source_get_context(source) : NULL;
}
/// Has functions called in a loop's thread: one before the loop waits, in each turn; one whenever a descriptor is readable.
GSource *tern_watch(GMainContext *loop, int descriptor, void (*prepare)(void *), void (*wake)(void *), void *argument);
/// Ends that; in the loop's thread.
static inline void tern_unwatch(GSource *source) {
	g_source_destroy(source);
	g_source_unref(source);
}

static inline bool tern_json_is_string(const json_t *value) { return json_is_string(value); }
static inline bool tern_json_is_integer(const json_t *value) { return json_is_integer(value); }
static inline bool tern_json_is_boolean(const json_t *value) { return json_is_boolean(value); }
static inline bool tern_json_is_true(const json_t *value) { return json_is_true(value); }
static inline bool tern_json_is_null(const json_t *value) { return json_is_null(value); }
static inline bool tern_json_is_object(const json_t *value) { return json_is_object(value); }
static inline bool tern_json_is_array(const json_t *value) { return json_is_array(value); }

/// libopus, one channel; NULL where the library is missing. What decodes takes any bytes; a result below 0 is an error.
typedef struct tern_opus_decoder_state tern_opus_decoder_state;
typedef struct tern_opus_encoder_state tern_opus_encoder_state;
tern_opus_decoder_state *tern_opus_decoder(int rate);
int tern_opus_decode(tern_opus_decoder_state *decoder, const unsigned char *bytes, int length, int16_t *samples, int most);
void tern_opus_decoder_end(tern_opus_decoder_state *decoder);
tern_opus_encoder_state *tern_opus_encoder(int rate, int bitrate);
int tern_opus_encode(tern_opus_encoder_state *encoder, const int16_t *samples, int count, unsigned char *bytes, int most);
void tern_opus_encoder_end(tern_opus_encoder_state *encoder);

/// Writes a line into Janus' log, at the level of a warning.
void tern_warn(const char *text);

/// A datagram to be received, laid out as the system's `struct mmsghdr`.
typedef struct tern_datagram {
	struct msghdr header;
	unsigned int length;
} tern_datagram;
/// recvmmsg without waiting.
int tern_receive(int socket, tern_datagram *datagrams, unsigned int count);

/// Bytes for what the system tells of a datagram beside its source.
enum { tern_control_size = 96 };
/// Has the system tell of each datagram when it came and how it is marked, or no longer.
void tern_describe_datagrams(int socket, int is_v6, int on);
/// What the system tells of a datagram: when it came, in nanoseconds of the realtime clock, 0 where that is not told; and the byte with its DSCP
/// (RFC 2474), -1 where that is not told.
typedef struct tern_reception {
	int64_t time;
	int traffic_class;
} tern_reception;
tern_reception tern_describe(const tern_datagram *datagram);

/// Has the system tell of packets that were not taken.
void tern_report_refusals(int socket, int is_v6);

/// Takes what the system has to tell. Returns how many packets met a closed port: ICMP "port unreachable" (RFC 792, RFC 4443 section 3.1).
int tern_refusals(int socket);
/// A counter to wake a thread in epoll_wait with; see eventfd.
int tern_wake_descriptor(void);
/// Names the calling thread, in at most 15 bytes.
void tern_name_thread(const char *name);
