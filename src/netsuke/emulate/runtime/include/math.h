/* What float models need of libm, for compilers that come without a C library. */
#ifndef NK_MATH_H
#define NK_MATH_H

#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")

float ceilf(float x);
float expf(float x);
float fabsf(float x);
float floorf(float x);
float fmaxf(float x, float y);
float fminf(float x, float y);
float logf(float x);
float powf(float x, float y);
float rintf(float x);
float roundf(float x);
float sqrtf(float x);
float tanhf(float x);
float truncf(float x);

double exp(double x);
double floor(double x);
double log(double x);
double round(double x);
double sqrt(double x);
double tanh(double x);

#endif
