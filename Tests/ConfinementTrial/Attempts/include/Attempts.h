/* Things that a plugin may try, well or ill meant. */
#ifndef BATTEN_ATTEMPTS_H
#define BATTEN_ATTEMPTS_H

/* Tries one and answers 0, or the error number it ended with; -1 for a name that is not known. */
int attempt(const char *name, const char *argument);

#endif
