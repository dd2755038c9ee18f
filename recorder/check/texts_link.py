"""What is said of the network up to the name server, as in texts."""

from recorder.check.texts import Texts

_ROUTER = "check the router and its cable; `sudo reboot` the Pi"
_ROUTER_RU = "проверьте роутер и его кабель; перезагрузите Pi: `sudo reboot`"

LINK: Texts = {
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
}
