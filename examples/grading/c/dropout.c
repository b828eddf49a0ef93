/* A Dropout that answers an assignment's challenges line by line. It needs no library:
 *     cc -O2 -o dropout dropout.c && edunn check dropout-1 --run ./dropout
 *
 * Each line is a JSON object. What this program needs of it is found by the names of the fields,
 * which is enough for lines of this form.
 */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double p = 0.5;
static int training = 1;
static double *mask;

/* Return what follows a field's name and colon, or NULL. */
static const char *field(const char *line, const char *name) {
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\"%s\":", name);
    const char *found = strstr(line, wanted);
    return found ? found + strlen(wanted) : NULL;
}

static int is(const char *value, const char *text) {
    return value && *value == '"' && strncmp(value + 1, text, strlen(text)) == 0 &&
           value[1 + strlen(text)] == '"';
}

/* Write an array like the one of the line, with its numbers times the mask. */
static void write_masked(const char *line, int draw) {
    const char *data = field(line, "data"), *dtype = field(line, "dtype");
    const char *shape = field(line, "shape");
    size_t count = 1;
    for (const char *at = data; *at != ']'; at++) count += *at == ',';
    if (draw) {
        mask = realloc(mask, count * sizeof *mask);
        for (size_t i = 0; i < count; i++) {
            int dropped = rand() < p * (RAND_MAX + 1.0);
            mask[i] = training ? (dropped ? 0 : 1 / (1 - p)) : 1;
        }
    }
    printf("{\"dtype\":%.*s,", (int)(strchr(dtype + 1, '"') - dtype + 1), dtype);
    printf("\"shape\":%.*s,\"data\":[", (int)(strchr(shape, ']') - shape + 1), shape);
    char *at = (char *)data + 1;
    for (size_t i = 0; *at != ']'; i++) {
        /* 17 digits give every double back. */
        printf("%s%.17g", i ? "," : "", strtod(at, &at) * mask[i]);
        if (*at == ',') at++;
    }
    printf("]}");
}

int main(void) {
    char *line = NULL;
    size_t room = 0;
    srand((unsigned)time(NULL));
    while (getline(&line, &room, stdin) > 0) {
        const char *what = field(line, "do");
        if (is(what, "begin")) {
            const char *given = field(line, "p");
            if (!is(field(line, "type"), "Dropout")) {
                printf("{\"failure\":\"there is no such layer\"}");
            } else {
                p = given ? strtod(given, NULL) : 0.5;
                training = 1;
                printf("{}");
            }
        } else if (is(what, "set_phase")) {
            training = is(field(line, "phase"), "training");
            printf("{}");
        } else if (is(what, "forward")) {
            printf("{\"output\":");
            write_masked(line, 1);
            printf("}");
        } else {
            printf("{\"input_gradient\":");
            write_masked(line, 0);
            printf(",\"parameter_gradients\":{}}");
        }
        printf("\n");
        fflush(stdout);
    }
    free(line);
    free(mask);
    return 0;
}
