/*
 * weigh.h: workers that have grown too much: mruby gives little back, so a new one takes
 * the seat, between tasks.
 */
#ifndef DEFERD_WEIGH_H
#define DEFERD_WEIGH_H

struct seat;

/* Retires the seat's worker when it has grown by more than three quarters of
 * workers.maxMemory since the first time. To be called once when it is ready, and with its
 * beats. */
void weigh_seat(struct seat *);

#endif
