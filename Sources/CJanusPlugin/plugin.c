#include "CJanusPlugin.h"
#include <debug.h>
#include <errno.h>
#include <netinet/in.h>
#include <time.h>
#include <linux/errqueue.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>

janus_callbacks *tern_core = NULL;

// Swift's, in Sources/JanusPlugin/Plugin.swift.
extern int tern_init(janus_callbacks *core, const char *folder);
extern void tern_destroy(void);
extern int tern_version(void);
extern const char *tern_version_string(void);
extern void tern_create_session(janus_plugin_session *session, int *error);
extern struct janus_plugin_result *tern_handle_message(janus_plugin_session *session, char *transaction, json_t *message, json_t *jsep);
extern void tern_setup_media(janus_plugin_session *session);
extern void tern_incoming_rtp(janus_plugin_session *session, janus_plugin_rtp *packet);
extern void tern_incoming_rtcp(janus_plugin_session *session, janus_plugin_rtcp *packet);
extern void tern_hangup_media(janus_plugin_session *session);
extern void tern_destroy_session(janus_plugin_session *session, int *error);
extern json_t *tern_query_session(janus_plugin_session *session);

static int api_compatibility(void) { return JANUS_PLUGIN_API_VERSION; }
static const char *description(void) { return "Legs with RTP or a PeerConnection, and what they pass to each other."; }
static const char *name(void) { return "Tern"; }
static const char *author(void) { return "Tern"; }
static const char *package(void) { return "janus.plugin.tern"; }

#pragma clang diagnostic ignored "-Winitializer-overrides"
static janus_plugin plugin = JANUS_PLUGIN_INIT(
	.init = tern_init,
	.destroy = tern_destroy,
	.get_api_compatibility = api_compatibility,
	.get_version = tern_version,
	.get_version_string = tern_version_string,
	.get_description = description,
	.get_name = name,
	.get_author = author,
	.get_package = package,
	.create_session = tern_create_session,
	.handle_message = tern_handle_message,
	.setup_media = tern_setup_media,
	.incoming_rtp = tern_incoming_rtp,
	.incoming_rtcp = tern_incoming_rtcp,
	.hangup_media = tern_hangup_media,
	.destroy_session = tern_destroy_session,
	.query_session = tern_query_session,
);

janus_plugin *tern_plugin(void) { return &plugin; }

// What Janus looks up in the library.
__attribute__((visibility("default"))) janus_plugin *create(void) { return &plugin; }

void tern_warn(const char *text) { JANUS_LOG(LOG_WARN, "[janus.plugin.tern] %s\n", text); }

_Static_assert(sizeof(tern_datagram) == sizeof(struct mmsghdr), "tern_datagram is laid out as mmsghdr");
_Static_assert(offsetof(tern_datagram, length) == offsetof(struct mmsghdr, msg_len), "tern_datagram is laid out as mmsghdr");
int tern_receive(int socket, tern_datagram *datagrams, unsigned int count) {
	return recvmmsg(socket, (struct mmsghdr *)datagrams, count, MSG_DONTWAIT, NULL);
}

void tern_describe_datagrams(int socket, int is_v6, int on) {
	setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	if(is_v6)
		setsockopt(socket, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof(on));
	else
		setsockopt(socket, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on));
}

tern_reception tern_describe(const tern_datagram *datagram) {
	tern_reception told = { .time = 0, .traffic_class = -1 };
	struct msghdr *header = (struct msghdr *)&datagram->header;
	for(struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
		if(c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS && c->cmsg_len >= CMSG_LEN(sizeof(struct timespec))) {
			struct timespec time;
			memcpy(&time, CMSG_DATA(c), sizeof(time));
			told.time = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
		} else if(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS && c->cmsg_len >= CMSG_LEN(1)) {
			told.traffic_class = *CMSG_DATA(c);
		} else if(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS && c->cmsg_len >= CMSG_LEN(sizeof(int))) {
			memcpy(&told.traffic_class, CMSG_DATA(c), sizeof(int));
		}
	}
	return told;
}

void tern_report_refusals(int socket, int is_v6) {
	int on = 1;
	if(is_v6)
		setsockopt(socket, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
	else
		setsockopt(socket, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
}

int tern_refusals(int socket) {
	int count = 0;
	for(int i = 0; i < 16; i++) {
		char control[512];
		struct msghdr message = { .msg_control = control, .msg_controllen = sizeof(control) };
		if(recvmsg(socket, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			break;
		for(struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
			int is_error = (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
				(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
			if(is_error && ((struct sock_extended_err *)CMSG_DATA(c))->ee_errno == ECONNREFUSED)
				count++;
		}
	}
	return count;
}

int tern_wake_descriptor(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

typedef struct {
	GSource source;
	gpointer tag;
	void (*prepare)(void *);
	void (*wake)(void *);
	void *argument;
} tern_source;
static gboolean source_prepare(GSource *source, gint *timeout) {
	*timeout = -1;
	((tern_source *)source)->prepare(((tern_source *)source)->argument);
	return FALSE;
}
static gboolean source_check(GSource *source) { return g_source_query_unix_fd(source, ((tern_source *)source)->tag) != 0; }
static gboolean source_dispatch(GSource *source, GSourceFunc function, gpointer data) {
	((tern_source *)source)->wake(((tern_source *)source)->argument);
	return G_SOURCE_CONTINUE;
}
static GSourceFuncs source_functions = { .prepare = source_prepare, .check = source_check, .dispatch = source_dispatch };
GSource *tern_watch(GMainContext *loop, int descriptor, void (*prepare)(void *), void (*wake)(void *), void *argument) {
	GSource *source = g_source_new(&source_functions, sizeof(tern_source));
	tern_source *own = (tern_source *)source;
	own->tag = g_source_add_unix_fd(source, descriptor, G_IO_IN);
	own->prepare = prepare;
	own->wake = wake;
	own->argument = argument;
	g_source_attach(source, loop);
	return source;
}

void tern_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
