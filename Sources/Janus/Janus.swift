// Janus
