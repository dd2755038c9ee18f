"""What is said of the network at the server's door, as in texts."""

from recorder.check.texts import Texts

_ROUTER = "check the router and its cable; `sudo reboot` the Pi"
_ROUTER_RU = "проверьте роутер и его кабель; перезагрузите Pi: `sudo reboot`"

SERVER: Texts = {
    "server.answers": (("{url} answers",), ("{url} отвечает",)),
    "server.refused": (
        ("{url}: nothing listens there", "check address and port in ingest_base_url; else the server is switched off"),
        ("{url}: там никто не отвечает", "проверьте адрес и порт в ingest_base_url; иначе сервер выключен"),
    ),
    "server.silent": (
        (
            "{url} does not answer within 10 s",
            "open it with a phone on the same network; if it opens, the router's firewall blocks the port; "
            "else the server is down",
        ),
        (
            "{url} не отвечает 10 с",
            "откройте его с телефона в той же сети; если открывается, порт закрыт на роутере; иначе не работает сервер",
        ),
    ),
    "server.no_route": (
        ("{url} cannot be reached: {message}", _ROUTER),
        ("{url} недоступен: {message}", _ROUTER_RU),
    ),
    "server.not_tls": (
        (
            "{url} does not speak HTTPS",
            "check the port in ingest_base_url; is the address meant to begin with http://?",
        ),
        (
            "{url} не говорит по HTTPS",
            "проверьте порт в ingest_base_url; может быть, адрес должен начинаться с http://?",
        ),
    ),
    "server.tls": (
        (
            "{url}: no secure connection can be made: {message}",
            "something between here and the server meddles: try another network; else tell the server's operator",
        ),
        (
            "{url}: защищённое соединение не устанавливается: {message}",
            "что-то вмешивается по пути: попробуйте другую сеть; иначе сообщите администратору сервера",
        ),
    ),
    "server.cut": (
        (
            "{url} broke the connection off: {message}",
            "check ingest_base_url (https:// or http://?); else the server is ill",
        ),
        (
            "{url} обрывает соединение: {message}",
            "проверьте ingest_base_url (https:// или http://?); иначе сбой на сервере",
        ),
    ),
    "server.down": (
        (
            "{url} answers {status}: the server is down or restarting",
            "wait a minute and repeat; else tell its operator",
        ),
        (
            "{url} отвечает {status}: сервер не работает или перезапускается",
            "подождите минуту и повторите; иначе сообщите его администратору",
        ),
    ),
    "server_clock.same": (("the Pi's and the server's agree",), ("у Pi и сервера совпадают",)),
    "server_clock.drifted": (
        ("the Pi's clock differs from the server's by {error_s} s", "`sudo timedatectl set-ntp true`"),
        ("часы Pi расходятся с сервером на {error_s} с", "`sudo timedatectl set-ntp true`"),
    ),
    "server_clock.ahead": (
        (
            "the Pi's clock is ahead of the server's by {off}",
            "`sudo timedatectl set-ntp true` and wait a minute; if it stays, the network blocks NTP: set it by "
            "`sudo timedatectl set-time 'YYYY-MM-DD HH:MM'`",
        ),
        (
            "часы Pi спешат относительно сервера на {off}",
            "`sudo timedatectl set-ntp true` и подождите минуту; не поможет — сеть не пропускает NTP, тогда вручную: "
            "`sudo timedatectl set-time 'ГГГГ-ММ-ДД ЧЧ:ММ'`",
        ),
    ),
    "server_clock.behind": (
        (
            "the Pi's clock is behind the server's by {off}",
            "`sudo timedatectl set-ntp true` and wait a minute; if it stays, the network blocks NTP: set it by "
            "`sudo timedatectl set-time 'YYYY-MM-DD HH:MM'`",
        ),
        (
            "часы Pi отстают от сервера на {off}",
            "`sudo timedatectl set-ntp true` и подождите минуту; не поможет — сеть не пропускает NTP, тогда вручную: "
            "`sudo timedatectl set-time 'ГГГГ-ММ-ДД ЧЧ:ММ'`",
        ),
    ),
    "server_clock.stranger": (
        ("not compared: it is not our server that answers",),
        ("не сверены: отвечает не наш сервер",),
    ),
    "server_clock.no_date": (("the server tells no time",), ("сервер не сообщает время",)),
    "portal.ours": (("it is our server that answers",), ("отвечает именно наш сервер",)),
    "any.portal": (
        (
            "the network leads to {where} instead of the server: a guest network's login page",
            "log in to the network once, or better use one without such a page (ask for a network for devices)",
        ),
        (
            "сеть уводит на {where} вместо сервера: страница входа гостевой сети",
            "войдите в сеть один раз, а лучше возьмите сеть без такой страницы (попросите сеть для устройств)",
        ),
    ),
    "portal.page": (
        (
            "instead of our server a web page answers ({status}): a guest network's login page, or a wrong address",
            "log in to the network, or use one without such a page; then check ingest_base_url: {url}",
        ),
        (
            "вместо нашего сервера отвечает веб-страница ({status}): вход гостевой сети или неверный адрес",
            "войдите в сеть или возьмите сеть без такой страницы; потом проверьте ingest_base_url: {url}",
        ),
    ),
    "portal.moved": (
        ("the server sends uploads on to {where}", "write that address into ingest_base_url"),
        ("сервер перенаправляет на {where}", "впишите этот адрес в ingest_base_url"),
    ),
    "portal.other_site": (
        ("a server answers, but not ours (404)", "correct ingest_base_url: {url}"),
        ("сервер отвечает, но не наш (404)", "исправьте ingest_base_url: {url}"),
    ),
    "tls.trusted": (
        ("the certificate of {host} is good for {days} days",),
        ("сертификат {host} действует ещё {days} дн.",),
    ),
    "tls.expires_soon": (
        ("the certificate of {host} expires in {days} days", "tell the server's operator to renew it"),
        ("сертификат {host} истекает через {days} дн.", "попросите администратора сервера обновить его"),
    ),
    "tls.plain": (
        (
            "no encryption: token and speech travel readable",
            "give the server a certificate and write https:// into ingest_base_url",
        ),
        (
            "без шифрования: токен и речь идут открыто",
            "поставьте на сервер сертификат и укажите https:// в ingest_base_url",
        ),
    ),
    "tls.expired": (
        ("the certificate of {host} has expired", "tell the server's operator to renew it"),
        ("срок сертификата {host} истёк", "попросите администратора сервера обновить его"),
    ),
    "tls.not_yet": (
        ("the certificate of {host} is not valid yet", "tell the server's operator"),
        ("сертификат {host} ещё не действует", "сообщите администратору сервера"),
    ),
    "tls.clock": (
        (
            "the certificate looks expired or not yet valid only because the Pi's clock is off by {off}",
            "set the clock right (see the clock's line); the certificate needs nothing",
        ),
        (
            "сертификат кажется недействительным только потому, что часы Pi неверны на {off}",
            "поставьте верное время (см. строку о часах); сертификат менять не нужно",
        ),
    ),
    "tls.wrong_name": (
        (
            "the certificate is not for {host} ({message})",
            "write the name into ingest_base_url that the certificate is for, not a number or another name",
        ),
        (
            "сертификат выдан не для {host} ({message})",
            "укажите в ingest_base_url имя из сертификата, а не число или другое имя",
        ),
    ),
    "tls.unknown_ca": (
        (
            "the certificate of {host} is from an authority that is not known here ({message})",
            "for a private one, copy its certificate (PEM) to the Pi and write ca_file: /path/ca.pem; else the server "
            "lacks the intermediate certificate, or somebody listens in",
        ),
        (
            "сертификат {host} выдан неизвестным центром ({message})",
            "если центр свой, скопируйте его сертификат (PEM) на Pi и укажите ca_file: /путь/ca.pem; иначе на сервере "
            "нет промежуточного сертификата или соединение кто-то перехватывает",
        ),
    ),
    "tls.ca_file": (
        ("ca_file {file} cannot be used: {message}", "it must hold the authority's certificate as PEM text"),
        ("ca_file {file} не годится: {message}", "в нём должен быть сертификат центра в виде PEM"),
    ),
    "tls.other": (
        ("the certificate of {host} is not accepted: {message}", "tell the server's operator"),
        ("сертификат {host} не принят: {message}", "сообщите администратору сервера"),
    ),
    "tls.broken": (
        ("no secure connection: {message}", "repeat; if it stays, tell the server's operator"),
        ("защищённого соединения нет: {message}", "повторите; если не поможет, сообщите администратору сервера"),
    ),
}
