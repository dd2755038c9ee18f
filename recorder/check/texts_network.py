"""What is said of the network's steps, as in texts_sound."""

from recorder.check.texts_sound import Texts

_ROUTER = "check the router and its cable; `sudo reboot` the Pi"
_ROUTER_RU = "проверьте роутер и его кабель; перезагрузите Pi: `sudo reboot`"

NETWORK: Texts = {
    "any.local": (("the server is on this machine",), ("сервер на этой же машине",)),
    "link.up": (("connected: {names}",), ("подключено: {names}",)),
    "link.down": (
        (
            "not connected: {names}",
            "plug the network cable in, or choose the Wi-Fi: `sudo nmtui` (name and password)",
        ),
        (
            "не подключено: {names}",
            "вставьте сетевой кабель или выберите Wi-Fi: `sudo nmtui` (имя и пароль)",
        ),
    ),
    "link.wifi_blocked": (
        (
            "not connected: {names}; Wi-Fi is switched off until the country is set",
            "`sudo raspi-config nonint do_wifi_country RU` (your country), then `sudo nmtui`",
        ),
        (
            "не подключено: {names}; Wi-Fi выключен, пока не указана страна",
            "`sudo raspi-config nonint do_wifi_country RU` (ваша страна), затем `sudo nmtui`",
        ),
    ),
    "link.no_interface": (
        ("there is no network adapter", "plug in a network cable (a Pi Zero needs its Wi-Fi or a USB adapter)"),
        ("сетевого адаптера нет", "подключите сетевой кабель (Pi Zero — через Wi-Fi или USB-адаптер)"),
    ),
    "link.weak": (
        (
            "the Wi-Fi {name} is weak: {dbm} dBm (-75 and better are needed)",
            "move the Pi or the router nearer, or use a cable",
        ),
        (
            "слабый Wi-Fi {name}: {dbm} dBm (нужно -75 и выше)",
            "переставьте Pi или роутер ближе либо используйте кабель",
        ),
    ),
    "address.given": (("{addresses}",), ("{addresses}",)),
    "address.own": (
        ("the router gave no address (DHCP); the Pi chose {addresses} itself", _ROUTER),
        ("роутер не выдал адрес (DHCP); Pi выбрал {addresses} сам", _ROUTER_RU),
    ),
    "address.none": (
        ("the router gave no address (DHCP)", f"{_ROUTER}; for Wi-Fi check the password: `sudo nmtui`"),
        ("роутер не выдал адрес (DHCP)", f"{_ROUTER_RU}; для Wi-Fi проверьте пароль: `sudo nmtui`"),
    ),
    "route.gateway": (("through {gateway}",), ("через {gateway}",)),
    "route.direct": (("to {host}",), ("к {host}",)),
    "route.none": (
        (
            "there is an address but no way out (no default route)",
            f"{_ROUTER}; with a fixed address, set the gateway: `sudo nmtui`",
        ),
        (
            "адрес есть, но выхода в интернет нет (нет маршрута)",
            f"{_ROUTER_RU}; при постоянном адресе укажите шлюз: `sudo nmtui`",
        ),
    ),
    "dns.found": (("{host} is {addresses}",), ("{host} — {addresses}",)),
    "dns.number": (("not needed: {host} is a number",), ("не нужна: {host} — числовой адрес",)),
    "dns.unknown": (
        ("there is no such name: {host}", "correct ingest_base_url in the configuration (a typing error?)"),
        ("нет такого имени: {host}", "исправьте ingest_base_url в конфигурации (опечатка?)"),
    ),
    "dns.no_answer": (
        (
            "the name {host} cannot be looked up: no name server answers",
            "check that the router has internet; else set a name server, for instance 8.8.8.8, in `sudo nmtui`",
        ),
        (
            "не удаётся узнать адрес {host}: сервер имён (DNS) не отвечает",
            "проверьте, есть ли интернет на роутере; иначе укажите сервер имён, например 8.8.8.8, в `sudo nmtui`",
        ),
    ),
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
    "server_clock.no_date": (("the server tells no time",), ("сервер не сообщает время",)),
    "portal.ours": (("it is our server that answers",), ("отвечает именно наш сервер",)),
    "portal.portal": (
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
    "token.accepted": (("accepted",), ("принят",)),
    "token.unknown": (
        (
            "the server does not know this token",
            "enrol the device anew with a code: `sudo recorder-agent enrol CODE --server …`, or correct ingest_token",
        ),
        (
            "сервер не знает этот токен",
            "зарегистрируйте устройство кодом: `sudo recorder-agent enrol КОД --server …` или исправьте ingest_token",
        ),
    ),
    "token.device_disabled": (
        ("the device is switched off on the server", "have the operator enable it; recordings are kept until then"),
        ("устройство отключено на сервере", "попросите администратора включить его; записи пока хранятся здесь"),
    ),
    "token.device_replaced": (
        ("another device has taken this one's place", "enrol this one anew with a code, or retire it"),
        ("это устройство заменено другим", "зарегистрируйте его новым кодом или уберите"),
    ),
    "token.other": (
        ("the server answers {status} {title}", "repeat in a minute; else tell the server's operator"),
        ("сервер отвечает {status} {title}", "повторите через минуту; иначе сообщите администратору сервера"),
    ),
    "any.cut": (
        ("the connection broke off: {message}", "repeat; if it stays, the network is unsteady: try a cable"),
        ("соединение оборвалось: {message}", "повторите; если не поможет, сеть нестабильна: попробуйте кабель"),
    ),
    "upload.arrived": (("arrived whole in {ms} ms and was discarded",), ("дошла целой за {ms} мс и удалена",)),
    "upload.stored": (
        ("arrived, but the server kept the two seconds of test tone", "update the server"),
        ("дошла, но сервер сохранил две секунды тестового тона", "обновите сервер"),
    ),
    "upload.original": (
        ("not sent: this server cannot discard a test; the first chunk will show",),
        ("не отправлена: этот сервер не умеет удалять пробу; покажет первая запись",),
    ),
    "upload.ids": (
        (
            "the ids in the configuration are not those of this token",
            "correct point_id, register_id and device_id, or enrol the device anew",
        ),
        (
            "идентификаторы в конфигурации не соответствуют токену",
            "исправьте point_id, register_id и device_id или зарегистрируйте устройство заново",
        ),
    ),
    "upload.refused": (
        ("the server refuses it: {status} {title} {detail}", "tell the server's operator this line"),
        ("сервер отклоняет: {status} {title} {detail}", "передайте эту строку администратору сервера"),
    ),
    "upload.busy": (
        ("the server is overloaded or not ready: {status} {title}", "repeat in a minute; else tell its operator"),
        (
            "сервер перегружен или не готов: {status} {title}",
            "повторите через минуту; иначе сообщите его администратору",
        ),
    ),
    "upload.disk_low": (
        ("the server's disk is nearly full", "tell its operator; recordings are kept here until then"),
        ("на сервере кончается диск", "сообщите его администратору; записи пока хранятся здесь"),
    ),
    "upload.changed": (
        ("the server received other bytes than were sent", "something on the way changes them: try another network"),
        ("сервер получил не те данные, что отправлены", "что-то меняет их по пути: попробуйте другую сеть"),
    ),
    "upload.no_tone": (
        ("no test sound could be made: {message}", "`sudo apt install --reinstall ffmpeg`"),
        ("не удалось сделать пробный звук: {message}", "`sudo apt install --reinstall ffmpeg`"),
    ),
}
