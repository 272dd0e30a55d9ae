/* Where browsers find us if nobody said what to listen on. */
#ifndef TCHIN_SERVER_WEB_H
#define TCHIN_SERVER_WEB_H

#include "server/settings.h"

/*
 * WebSockets by TLS at each address of TCP: at port 443 if it can be had, else at 8443. False: both
 * are taken.
 */
bool web_add_default_listeners(struct settings *settings);

#endif
