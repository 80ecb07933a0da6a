#include "CBattenPure.h"
