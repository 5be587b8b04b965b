/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dropbear's localoptions.h for the guest: one connection on stdin (init
 * listens), public keys only, one of each algorithm that the harness speaks.
 */

/* init accepts connections and starts one server for each. */
#define NON_INETD_MODE 0
#define INETD_MODE 1
#define DROPBEAR_REEXEC 0

/* Speed before size: the guest's CPU may be an emulated one. */
#define DROPBEAR_SMALL_CODE 0

/* curve25519 and ed25519 alone; RSA cannot be left out (it does not build without). */
#define DROPBEAR_CURVE25519 1
#define DROPBEAR_ED25519 1
#define DROPBEAR_ECDH 0
#define DROPBEAR_ECDSA 0
#define DROPBEAR_SK_KEYS 0
#define DROPBEAR_DH_GROUP14_SHA1 0
#define DROPBEAR_DH_GROUP14_SHA256 0
#define DROPBEAR_DELAY_HOSTKEY 0
/* Of newer releases: key exchanges that cost a guest more and that ssh2 does not speak. */
#define DROPBEAR_SNTRUP761 0
#define DROPBEAR_MLKEM768 0

#define DROPBEAR_CHACHA20POLY1305 1
#define DROPBEAR_AES128 1
#define DROPBEAR_AES256 0
#define DROPBEAR_SHA1_HMAC 0
#define DROPBEAR_SHA2_256_HMAC 1

#define DROPBEAR_SVR_PASSWORD_AUTH 0
#define DROPBEAR_SVR_PAM_AUTH 0
#define DROPBEAR_SVR_LOCALTCPFWD 0
#define DROPBEAR_SVR_REMOTETCPFWD 0
#define DROPBEAR_SVR_AGENTFWD 0
#define DROPBEAR_SVR_LOCALSTREAMFWD 0
#define DROPBEAR_SVR_REMOTESTREAMFWD 0
#define DROPBEAR_X11FWD 0
#define DROPBEAR_SFTPSERVER 0
#define DO_MOTD 0

/* Files sent to the guest come in large pieces. */
#define DEFAULT_RECV_WINDOW 1048576

#define DEFAULT_PATH "/bin"
#define DEFAULT_ROOT_PATH "/bin"
