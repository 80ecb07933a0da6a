/* `transform.jq`, written in C on the plugin header alone. */
#ifndef BATTEN_CTRANSFORMJQ_H
#define BATTEN_CTRANSFORMJQ_H

#include <batten/plugin.h>

/* The executor's descriptor; lives as long as the process. */
const batten_executor *transform_jq(void);

/* Drops the programs that are kept. */
void transform_jq_stop(void);

#endif
