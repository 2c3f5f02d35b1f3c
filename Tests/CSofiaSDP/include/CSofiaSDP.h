/* Sofia's SDP parser for the tests: a judge that was not written here. */
#ifndef C_SOFIA_SDP_H
#define C_SOFIA_SDP_H

/** Parses a description with Sofia's strict flags and its sanity check.
 *
 * @param error where to write what is wrong, ended by NUL; empty when nothing is
 * @return number of media lines; -1 when the description is refused
 */
int sofia_sdp_check(char const *text, int length, char *error, int size);

#endif
