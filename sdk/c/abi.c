/* A header needs one translation unit to be a package target; it also proves that the header stands alone. */
#include <batten/plugin.h>
