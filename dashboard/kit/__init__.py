"""What every page is made of.

A page is a class in `dashboard/pages/<name>.py` (see page.py) that draws Jinja2 templates; `?page=<name>` opens it. Its
HTML goes to the browser region by region, only where it changed, and is morphed into place: focus, scroll, open
dialogs, charts and playing audio stay. What the person does comes back as a Message. No page writes JavaScript:

- `data-do="action"` on a button (click) or a form (submit), `data-change="action"` on a field or around fields,
  `data-input="action"` on a field (as typed, after a pause). All `data-*` of the element arrive in `message.data`, the
  fields of the form around it in `message.form`.
- `data-key="j"` gives an element a keyboard shortcut; `data-opens="id"` opens a <dialog>, `data-closes` closes it.
- A link with `href="?page=…"` is a page of ours: the address changes, and Back comes back.

macros.html has the parts (figure, chart, chip, field, empty, table …), charts.py the charts, player.py the sound,
format.py numbers and times in the person's language, dashboard/style/*.css the looks.
"""
