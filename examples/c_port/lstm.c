/* An LSTM over a sequence, forward and backward, in C99: a port proved with golden vectors.
 *
 *     gcc -std=c99 -O2 -Wall -Wextra -o lstm lstm.c -lm
 *     manual-lstm vectors --cell lstm --out vectors
 *     ./lstm vectors/float64.json vectors/answers.json
 *     manual-lstm vectors --verify vectors
 *
 * Compiled with -DREAL=float it is compared in single precision (float32.json). Compiled with
 * -DSLIP it has a common mistake in its backward: the adjoint of c is not replaced by the next
 * step's contribution but added to what it was. The vectors name the first value that is wrong.
 *
 * One step, blocks of 4H columns in the order i, f, g, o:
 *
 *     z = x W_x + h_prev W_h + b
 *     i = sigmoid(z_i)   f = sigmoid(z_f)   g = tanh(z_g)   o = sigmoid(z_o)
 *     c = f c_prev + i g        h = o tanh(c)
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef REAL
#define REAL double
#endif
typedef REAL real;

/* Every array is row-major; a row of a batch is H or D or 4H numbers. */
typedef struct {
    int T, B, D, H;
    real *W_x, *W_h, *b, *xs, *h0, *c0, *dhs, *dh_T, *dc_T;               /* given */
    real *z, *i, *f, *g, *o, *c, *tanh_c, *h;                             /* forward, every step */
    real *dz, *di, *df, *dg, *d_o, *dc, *dtanh_c, *dh;                    /* backward, every step */
    real *dW_x, *dW_h, *db, *dxs, *dh0, *dc0;                             /* gradients */
} Run;

static void fail(const char *what, const char *name)
{
    fprintf(stderr, "lstm: %s %s\n", what, name);
    exit(2);
}

static real *zeros(size_t count)
{
    real *array = calloc(count ? count : 1, sizeof(real));
    if (!array) fail("no memory for", "an array");
    return array;
}

static real sigmoid(real z)
{
    return (real)1 / ((real)1 + (real)exp(-(double)z));
}

/* ---- the mathematics ------------------------------------------------------------------------ */

static void forward(Run *r)
{
    const int B = r->B, D = r->D, H = r->H;
    for (int t = 0; t < r->T; t++) {
        const real *x = r->xs + (size_t)t * B * D;
        const real *h_prev = t ? r->h + (size_t)(t - 1) * B * H : r->h0;
        const real *c_prev = t ? r->c + (size_t)(t - 1) * B * H : r->c0;
        for (int n = 0; n < B; n++) {
            real *z = r->z + ((size_t)t * B + n) * 4 * H;
            for (int k = 0; k < 4 * H; k++) {
                z[k] = r->b[k];
                for (int d = 0; d < D; d++) z[k] += x[n * D + d] * r->W_x[d * 4 * H + k];
                for (int j = 0; j < H; j++) z[k] += h_prev[n * H + j] * r->W_h[j * 4 * H + k];
            }
            for (int j = 0; j < H; j++) {
                const size_t at = ((size_t)t * B + n) * H + j;
                r->i[at] = sigmoid(z[j]);
                r->f[at] = sigmoid(z[H + j]);
                r->g[at] = (real)tanh(z[2 * H + j]);
                r->o[at] = sigmoid(z[3 * H + j]);
                r->c[at] = r->f[at] * c_prev[n * H + j] + r->i[at] * r->g[at];
                r->tanh_c[at] = (real)tanh(r->c[at]);
                r->h[at] = r->o[at] * r->tanh_c[at];
            }
        }
    }
}

static void backward(Run *r)
{
    const int T = r->T, B = r->B, D = r->D, H = r->H;
    real *dh_from_next = zeros((size_t)B * H), *dc_from_next = zeros((size_t)B * H);
    memcpy(dh_from_next, r->dh_T, sizeof(real) * B * H);
    memcpy(dc_from_next, r->dc_T, sizeof(real) * B * H);
    for (int t = T - 1; t >= 0; t--) {
        const real *x = r->xs + (size_t)t * B * D;
        const real *h_prev = t ? r->h + (size_t)(t - 1) * B * H : r->h0;
        const real *c_prev = t ? r->c + (size_t)(t - 1) * B * H : r->c0;
        for (int n = 0; n < B; n++) {
            real *dz = r->dz + ((size_t)t * B + n) * 4 * H;
            for (int j = 0; j < H; j++) {
                const size_t at = ((size_t)t * B + n) * H + j;
                const real i = r->i[at], f = r->f[at], g = r->g[at], o = r->o[at];
                const real tanh_c = r->tanh_c[at];
                /* forward: hs[t] = h; and step t+1 reads h as its h_prev */
                const real dh = r->dhs[at] + dh_from_next[n * H + j];
                /* forward: h = o * tanh_c */
                const real d_o = dh * tanh_c;
                const real dtanh_c = dh * o;
                /* forward: tanh_c = tanh(c); and step t+1 reads c as its c_prev */
                const real dc = dtanh_c * (1 - tanh_c * tanh_c) + dc_from_next[n * H + j];
                /* forward: c = f * c_prev + i * g */
                const real df = dc * c_prev[n * H + j];
                const real di = dc * g;
                const real dg = dc * i;
#ifdef SLIP
                dc_from_next[n * H + j] += dc * f;
#else
                dc_from_next[n * H + j] = dc * f;
#endif
                /* forward: i = sigmoid(z_i), f = sigmoid(z_f), g = tanh(z_g), o = sigmoid(z_o) */
                dz[j] = di * i * (1 - i);
                dz[H + j] = df * f * (1 - f);
                dz[2 * H + j] = dg * (1 - g * g);
                dz[3 * H + j] = d_o * o * (1 - o);
                r->dh[at] = dh;
                r->d_o[at] = d_o;
                r->dtanh_c[at] = dtanh_c;
                r->dc[at] = dc;
                r->df[at] = df;
                r->di[at] = di;
                r->dg[at] = dg;
            }
            /* forward: z = x W_x + h_prev W_h + b */
            for (int k = 0; k < 4 * H; k++) {
                r->db[k] += dz[k];
                for (int d = 0; d < D; d++) {
                    r->dW_x[d * 4 * H + k] += x[n * D + d] * dz[k];
                    r->dxs[((size_t)t * B + n) * D + d] += dz[k] * r->W_x[d * 4 * H + k];
                }
                for (int j = 0; j < H; j++)
                    r->dW_h[j * 4 * H + k] += h_prev[n * H + j] * dz[k];
            }
            for (int j = 0; j < H; j++) {
                real sum = 0;
                for (int k = 0; k < 4 * H; k++) sum += dz[k] * r->W_h[j * 4 * H + k];
                dh_from_next[n * H + j] = sum;
            }
        }
    }
    memcpy(r->dh0, dh_from_next, sizeof(real) * B * H);
    memcpy(r->dc0, dc_from_next, sizeof(real) * B * H);
    free(dh_from_next);
    free(dc_from_next);
}

/* ---- vectors in, answers out ---------------------------------------------------------------- */

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) fail("cannot read", path);
    fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    rewind(file);
    char *text = malloc((size_t)size + 1);
    if (!text || fread(text, 1, (size_t)size, file) != (size_t)size) fail("cannot read", path);
    text[size] = '\0';
    fclose(file);
    return text;
}

/* Find `"name": {"shape": [...], "values": [...]}`: the shape (up to 3 sizes) and the numbers. */
static real *find(const char *text, const char *name, int shape[3])
{
    char key[64];
    snprintf(key, sizeof key, "\"input.%s\":", name);
    const char *at = strstr(text, key);
    if (!at) fail("the vectors lack", name);
    at = strchr(at, '[') + 1;
    size_t count = 1;
    for (int axis = 0; axis < 3 && *at != ']'; axis++) {
        char *end;
        shape[axis] = (int)strtol(at, &end, 10);
        count *= (size_t)shape[axis];
        at = end + strspn(end, ", ");
    }
    at = strchr(at, '[') + 1;
    real *array = zeros(count);
    for (size_t k = 0; k < count; k++) {
        char *end;
        array[k] = (real)strtod(at, &end);
        if (end == at) fail("too few numbers in", name);
        at = end + strspn(end, ", ");
    }
    return array;
}

static void answer(FILE *file, const char *name, const real *array, int rank, int a, int b, int c)
{
    static int answered = 0;
    const int shape[3] = {a, b, c};
    size_t count = 1;
    fprintf(file, "%s    \"%s\": {\"shape\": [", answered++ ? ",\n" : "", name);
    for (int axis = 0; axis < rank; axis++) {
        fprintf(file, "%s%d", axis ? ", " : "", shape[axis]);
        count *= (size_t)shape[axis];
    }
    fprintf(file, "], \"values\": [");
    for (size_t k = 0; k < count; k++) fprintf(file, "%s%.17g", k ? ", " : "", (double)array[k]);
    fprintf(file, "]}");
}

/* The vectors hold z gate by gate: write block k of (T, B, 4H) as (T, B, H). */
static void answer_block(FILE *file, const char *name, const Run *r, const real *z, int block)
{
    const int rows = r->T * r->B, H = r->H;
    real *part = zeros((size_t)rows * H);
    for (int n = 0; n < rows; n++)
        memcpy(part + (size_t)n * H, z + ((size_t)n * 4 + block) * H, sizeof(real) * H);
    answer(file, name, part, 3, r->T, r->B, H);
    free(part);
}

static void write_answers(const char *path, const Run *r)
{
    const int T = r->T, B = r->B, D = r->D, H = r->H;
    const real *h_T = T ? r->h + (size_t)(T - 1) * B * H : r->h0;
    const real *c_T = T ? r->c + (size_t)(T - 1) * B * H : r->c0;
    const struct { const char *name; const real *array; } by_step[] = {
        {"forward.i", r->i}, {"forward.f", r->f}, {"forward.g", r->g}, {"forward.o", r->o},
        {"forward.c", r->c}, {"forward.tanh_c", r->tanh_c}, {"forward.h", r->h},
        {"output.hs", r->h},
        {"backward.dh", r->dh}, {"backward.dtanh_c", r->dtanh_c}, {"backward.dc", r->dc},
        {"backward.do", r->d_o}, {"backward.dg", r->dg}, {"backward.df", r->df},
        {"backward.di", r->di},
    };
    const char *gates[] = {"i", "f", "g", "o"};
    FILE *file = fopen(path, "wb");
    if (!file) fail("cannot write", path);
    fprintf(file, "{\n  \"dtype\": \"float%d\",\n  \"arrays\": {\n", (int)sizeof(real) * 8);
    for (size_t k = 0; k < sizeof by_step / sizeof by_step[0]; k++)
        answer(file, by_step[k].name, by_step[k].array, 3, T, B, H);
    for (int k = 0; k < 4; k++) {
        char name[32];
        snprintf(name, sizeof name, "forward.z_%s", gates[k]);
        answer_block(file, name, r, r->z, k);
        snprintf(name, sizeof name, "backward.dz_%s", gates[k]);
        answer_block(file, name, r, r->dz, k);
    }
    answer(file, "output.state_T.h", h_T, 2, B, H, 0);
    answer(file, "output.state_T.c", c_T, 2, B, H, 0);
    answer(file, "gradient.params.W_x", r->dW_x, 2, D, 4 * H, 0);
    answer(file, "gradient.params.W_h", r->dW_h, 2, H, 4 * H, 0);
    answer(file, "gradient.params.b", r->db, 1, 4 * H, 0, 0);
    answer(file, "gradient.xs", r->dxs, 3, T, B, D);
    answer(file, "gradient.state0.h", r->dh0, 2, B, H, 0);
    answer(file, "gradient.state0.c", r->dc0, 2, B, H, 0);
    fprintf(file, "\n  }\n}\n");
    if (fclose(file)) fail("cannot write", path);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: lstm VECTORS.json ANSWERS.json\n");
        return 2;
    }
    const char *text = read_file(argv[1]);
    int shape[3] = {0, 0, 0}, other[3];
    Run r = {0};
    r.xs = find(text, "xs", shape);
    r.T = shape[0], r.B = shape[1], r.D = shape[2];
    r.h0 = find(text, "state0.h", shape);
    r.H = shape[1];
    r.c0 = find(text, "state0.c", other);
    r.W_x = find(text, "params.W_x", other);
    r.W_h = find(text, "params.W_h", other);
    r.b = find(text, "params.b", other);
    r.dhs = find(text, "dhs", other);
    r.dh_T = find(text, "dstate_T.h", other);
    r.dc_T = find(text, "dstate_T.c", other);

    const size_t units = (size_t)r.T * r.B * r.H;
    real **by_unit[] = {&r.i, &r.f, &r.g, &r.o, &r.c, &r.tanh_c, &r.h, &r.di, &r.df, &r.dg,
                        &r.d_o, &r.dc, &r.dtanh_c, &r.dh};
    for (size_t k = 0; k < sizeof by_unit / sizeof by_unit[0]; k++) *by_unit[k] = zeros(units);
    r.z = zeros(4 * units), r.dz = zeros(4 * units);
    r.dW_x = zeros((size_t)r.D * 4 * r.H), r.dW_h = zeros((size_t)r.H * 4 * r.H);
    r.db = zeros((size_t)4 * r.H), r.dxs = zeros((size_t)r.T * r.B * r.D);
    r.dh0 = zeros((size_t)r.B * r.H), r.dc0 = zeros((size_t)r.B * r.H);

    forward(&r);
    backward(&r);
    write_answers(argv[2], &r);
    return 0;
}
