# Sourced by ./test. Runs a PostgreSQL and a MariaDB of our own in a temporary directory, on free loopback ports, as
# an unprivileged user, and stops them again. Never touches an instance that is already there. Both keep their
# promises to the disk (fsync on): a store test against a database that lies would prove nothing.

free_port() {
    local port try
    for try in $(seq 200); do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return 0; }
    done
    return 1
}

# Servers refuse to run as root, so root hands them to the users that their packages made.
as_user() { # USER COMMAND..
    local user=$1
    shift
    if [ "$(id -u)" = 0 ]; then runuser -u "$user" -- "$@"; else "$@"; fi
}

own_directory() { # USER PATH
    mkdir -p "$2"
    if [ "$(id -u)" = 0 ]; then chown "$1" "$2"; fi
}

start_postgres() { # DIRECTORY; sets OMNIGATE_TEST_POSTGRES
    local bin data=$1/postgres port
    bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    own_directory postgres "$data"
    port=$(free_port)
    as_user postgres "$bin/initdb" -D "$data" -U omnigate -A trust -E UTF8 --locale=C >"$logs/postgres.log" 2>&1
    cat >>"$data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = ''
max_connections = 200
shared_buffers = 128MB
wal_compression = on
max_wal_size = 2GB
autovacuum_naptime = 20s
CONF
    # As Debian's package does it: TLS with a certificate that the server made itself.
    as_user postgres openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=$(hostname)" \
        -keyout "$data/server.key" -out "$data/server.crt" >>"$logs/postgres.log" 2>&1
    as_user postgres chmod 600 "$data/server.key"
    echo "ssl = on" >>"$data/postgresql.conf"
    as_user postgres "$bin/pg_ctl" -D "$data" -l "$data/server.log" -w -t 60 start >>"$logs/postgres.log" 2>&1
    postgres_stop=("$bin/pg_ctl" -D "$data" -m immediate stop)
    as_user postgres "$bin/createdb" -h 127.0.0.1 -p "$port" -U omnigate omnigate
    export OMNIGATE_TEST_POSTGRES="postgres://omnigate@127.0.0.1:$port/omnigate"
}

start_mariadb() { # DIRECTORY; sets OMNIGATE_TEST_MYSQL
    local data=$1/mariadb port
    own_directory mysql "$data"
    port=$(free_port)
    as_user mysql mariadb-install-db --no-defaults --datadir="$data" --auth-root-authentication-method=normal \
        --skip-test-db >"$logs/mariadb.log" 2>&1
    as_user mysql mariadbd --no-defaults --datadir="$data" --socket="$data/socket" --pid-file="$data/pid" \
        --bind-address=127.0.0.1 --port="$port" --skip-name-resolve --skip-log-bin --max-connections=200 \
        --innodb-buffer-pool-size=128M --innodb-log-file-size=256M --innodb-flush-log-at-trx-commit=1 \
        --character-set-server=utf8mb4 --transaction-isolation=READ-COMMITTED >>"$logs/mariadb.log" 2>&1 &
    local launcher=$! try
    for try in $(seq 300); do
        as_user mysql mariadb --no-defaults -uroot --socket="$data/socket" -e 'SELECT 1' >/dev/null 2>&1 && break
        kill -0 "$launcher" 2>/dev/null || { tail -n 20 "$logs/mariadb.log" >&2; return 1; }
        sleep 0.2
    done
    mariadb_pid=$(cat "$data/pid")
    as_user mysql mariadb --no-defaults -uroot --socket="$data/socket" -e "CREATE DATABASE omnigate;
        CREATE USER omnigate@'127.0.0.1' IDENTIFIED BY 'omnigate'; GRANT ALL ON *.* TO omnigate@'127.0.0.1';"
    export OMNIGATE_TEST_MYSQL="mysql://omnigate:omnigate@127.0.0.1:$port/omnigate"
}

stop_databases() {
    if [ -n "${postgres_stop[*]:-}" ]; then as_user postgres "${postgres_stop[@]}" >/dev/null 2>&1 || true; fi
    if [ -n "${mariadb_pid:-}" ]; then
        kill -KILL "$mariadb_pid" 2>/dev/null || true # its data is about to be removed
        wait
    fi
    postgres_stop=() mariadb_pid=
}
