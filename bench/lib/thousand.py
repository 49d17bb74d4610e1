# SPDX-License-Identifier: Apache-2.0
"""What conf/many/ leaves blank: a thousand choices, each of one of ten backends, by host or by path.

The rules are written out for haproxy and Gatehouse; a map has the same keys; nginx has a server for
each host, or a location for each path.
"""
import os

CHOICES, BACKENDS = 1000, 10


def lines(form, n):
    return "\n".join(form.format(i, i % BACKENDS) for i in range(n))


def blanks(values, rule, key, value, lookup, servers):
    """values: the other blanks. key: of the map, which `lookup` asks."""
    with open(os.path.join(values["dir"], "choices.map"), "w", encoding="ascii") as f:
        f.write(lines(key + " " + value, CHOICES) + "\n")
    port = values["backend_port"]
    upstream = "    upstream be{{1}} {{{{ server 127.0.0.1:{}; keepalive 1024; keepalive_requests 1000000000; }}}}"
    return {"rules": lines(rule, CHOICES), "servers": servers,
            "map_lookup": lookup.format(os.path.join(values["dir"], "choices.map")),
            "backends": lines(f"backend be{{1}}\n    server s1 127.0.0.1:{port}\n", BACKENDS),
            "upstreams": lines(upstream.format(port), BACKENDS)}


def by_host(values):
    server = ("    server {{{{ listen 127.0.0.1:{}; server_name s{{0:04}}.example.com;\n"
              "        location / {{{{ proxy_pass http://be{{1}}; }}}} }}}}").format(values["port"])
    return blanks(values, "    use_backend be{1} if {{ hdr(host) -i s{0:04}.example.com }}",
                  "s{0:04}.example.com", "be{1}", "req.hdr(host),lower,map_str({})",
                  lines(server, CHOICES))


def by_path(values):
    location = "        location /s{0:04}/ {{ proxy_pass http://be{1}; }}"
    return blanks(values, "    use_backend be{1} if {{ path_beg /s{0:04}/ }}",
                  "/s{0:04}/", "be{1}", "path,map_beg({})",
                  f"    server {{\n        listen 127.0.0.1:{values['port']};\n"
                  f"{lines(location, CHOICES)}\n    }}")
