/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger in pure SQL (ledger.sql) under load: so many clients, each with a connection of its own, ask for one
 * transfer a call, and each call is a transaction.
 *
 *   ledger_postgres URL CLIENTS TRANSFERS
 *
 * One JSON line. Of 4,000 accounts the upper half pays the lower one, with a stride, so that clients seldom meet. */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_house.h"

#define CLIENTS_MAX 256
#define HALF INT64_C(2000)
#define STRIDE INT64_C(1327)

static struct {
    const char *url;
    int64_t count;
    _Atomic int64_t begun;
    pthread_barrier_t ready;
} load;

static PGconn *connect_to(const char *url)
{
    PGconn *connection = PQconnectdb(url);

    if (PQstatus(connection) != CONNECTION_OK)
        die("%s: %s", url, PQerrorMessage(connection));
    PGresult *result = PQprepare(connection, "transfer", "SELECT ledger_transfer($1, $2, $3, 100)", 0, NULL);

    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        die("%s", PQresultErrorMessage(result));
    PQclear(result);
    return connection;
}

static void transfer(PGconn *connection, int64_t number)
{
    char key[40], giver[24], receiver[24];
    const char *const values[] = {key, giver, receiver};

    snprintf(key, sizeof key, "transfer-%lld", (long long)number);
    snprintf(giver, sizeof giver, "%lld", (long long)(HALF + 1 + number * STRIDE % HALF));
    snprintf(receiver, sizeof receiver, "%lld", (long long)(1 + number * STRIDE % HALF));
    PGresult *result = PQexecPrepared(connection, "transfer", 3, values, NULL, NULL, 0);

    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        die("%s", PQresultErrorMessage(result));
    PQclear(result);
}

static void *client(void *context)
{
    PGconn *connection = connect_to(load.url);

    (void)context;
    pthread_barrier_wait(&load.ready);
    for (int64_t number; (number = load.begun++) < load.count;)
        transfer(connection, number);
    PQfinish(connection);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[CLIENTS_MAX];

    if (argc != 4 || number_of(argv[2]) > CLIENTS_MAX)
        die("usage: ledger_postgres URL CLIENTS TRANSFERS");
    int64_t clients = number_of(argv[2]);

    load.url = argv[1];
    load.count = number_of(argv[3]);
    pthread_barrier_init(&load.ready, NULL, (unsigned)clients + 1);
    for (int64_t i = 0; i < clients; i++)
        if (pthread_create(&threads[i], NULL, client, NULL) != 0)
            die("no thread");
    pthread_barrier_wait(&load.ready);
    int64_t began_us = monotonic_us();

    for (int64_t i = 0; i < clients; i++)
        pthread_join(threads[i], NULL);
    printf("{\"done\":%lld,\"us\":%lld}\n", (long long)load.count, (long long)(monotonic_us() - began_us));
    return 0;
}
