#include "CJanusPlugin.h"
#include <dlfcn.h>
#include <pthread.h>

// libopus' interface (opus.h), of which nothing has changed since its version 1.0: Debian's Janus depends on the library, so it is looked up at run time, and
// its headers are not needed.
enum { application_audio = 2049, set_bitrate = 4002 };

static struct {
	tern_opus_decoder_state *(*decoder)(int32_t rate, int channels, int *error);
	int (*decode)(tern_opus_decoder_state *decoder, const unsigned char *bytes, int32_t length, int16_t *samples, int most, int fec);
	void (*decoder_end)(tern_opus_decoder_state *decoder);
	tern_opus_encoder_state *(*encoder)(int32_t rate, int channels, int application, int *error);
	int (*control)(tern_opus_encoder_state *encoder, int request, ...);
	int32_t (*encode)(tern_opus_encoder_state *encoder, const int16_t *samples, int count, unsigned char *bytes, int32_t most);
	void (*encoder_end)(tern_opus_encoder_state *encoder);
} opus;
static bool is_there;

static void look_up(void) {
	void *library = dlopen("libopus.so.0", RTLD_NOW | RTLD_LOCAL);
	if(!library) return;
	*(void **)&opus.decoder = dlsym(library, "opus_decoder_create");
	*(void **)&opus.decode = dlsym(library, "opus_decode");
	*(void **)&opus.decoder_end = dlsym(library, "opus_decoder_destroy");
	*(void **)&opus.encoder = dlsym(library, "opus_encoder_create");
	*(void **)&opus.control = dlsym(library, "opus_encoder_ctl");
	*(void **)&opus.encode = dlsym(library, "opus_encode");
	*(void **)&opus.encoder_end = dlsym(library, "opus_encoder_destroy");
	is_there = opus.decoder && opus.decode && opus.decoder_end && opus.encoder && opus.control && opus.encode && opus.encoder_end;
}

static bool has_opus(void) {
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, look_up);
	return is_there;
}

tern_opus_decoder_state *tern_opus_decoder(int rate) {
	int error = 0;
	return has_opus() ? opus.decoder(rate, 1, &error) : NULL;
}

int tern_opus_decode(tern_opus_decoder_state *decoder, const unsigned char *bytes, int length, int16_t *samples, int most) {
	return opus.decode(decoder, bytes, length, samples, most, 0);
}

void tern_opus_decoder_end(tern_opus_decoder_state *decoder) { opus.decoder_end(decoder); }

tern_opus_encoder_state *tern_opus_encoder(int rate, int bitrate) {
	int error = 0;
	tern_opus_encoder_state *encoder = has_opus() ? opus.encoder(rate, 1, application_audio, &error) : NULL;
	if(encoder) opus.control(encoder, set_bitrate, (int32_t)bitrate);
	return encoder;
}

int tern_opus_encode(tern_opus_encoder_state *encoder, const int16_t *samples, int count, unsigned char *bytes, int most) {
	return opus.encode(encoder, samples, count, bytes, most);
}

void tern_opus_encoder_end(tern_opus_encoder_state *encoder) { opus.encoder_end(encoder); }
