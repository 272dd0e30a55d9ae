/* Telling the service manager how we are: sd_notify(3), by the socket it names. */
#ifndef TCHIN_SERVER_NOTIFY_H
#define TCHIN_SERVER_NOTIFY_H

void notify_ready(void);
void notify_stopping(void);

#endif
