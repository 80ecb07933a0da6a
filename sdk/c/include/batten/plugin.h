#ifndef BATTEN_PLUGIN_H
#define BATTEN_PLUGIN_H
#include <stddef.h>
#include <stdint.h>
#endif
