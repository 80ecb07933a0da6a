#include "CBattenJSON.h"
