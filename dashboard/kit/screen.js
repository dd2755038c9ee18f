// What the page does in the browser: puts the server's HTML in place, and tells the server what the person did.
//
// To the server: {id, do, value, data, form, search}. From it: {kind: "draw" | "url" | "store" | "toast" | "done" | …}.
// Elements speak by attributes: data-do (click, or submit of a form), data-change (a field changed), data-input (typed,
// after a pause), data-key (its keyboard shortcut), data-cycles (picks the next radio of that name), data-opens (id of a
// dialog to open), data-closes (closes its dialog). A link whose href begins with "?" is a page of ours.

import {Charts} from "./charts.js"
import {cycle, isTyping, keyOf} from "./keys.js"
import {morph} from "./morph.js"
import {Player} from "./player.js"

const TYPING_PAUSE_MS = 350
const SLOW_MS = 150
const TOAST_MS = 5000
const HANDS_OFF_MS = 500
const KNOCK_MS = 2000

export class Screen {
  constructor(send) {
    this._send = send
    this._count = 0
    this._waiting = new Map() // id of a message → the element that sent it
    this._held = new Map() // region → html that waits until the person's hands are off
    this._typing = new Map() // field → its timer
    this._pressed = false
    this.charts = new Charts((message, element) => this.tell(message, element))
    this.player = new Player((message) => this.tell(message))
    this.main = document.getElementById("main")
  }

  start() {
    this._listen()
    setInterval(() => this._release(), HANDS_OFF_MS)
    this._greet()
  }

  _greet() {
    this.tell({do: "start", data: {...session(), ...chosen(), zone: Intl.DateTimeFormat().resolvedOptions().timeZone}})
  }

  tell(message, element = null) {
    const id = ++this._count
    if (element) element.setAttribute("aria-busy", "true")
    this._waiting.set(id, element)
    setTimeout(() => document.body.classList.toggle("is-waiting", this._waiting.size > 0), SLOW_MS)
    this._send({id, value: "", data: {}, form: [], search: location.search, ...message})
  }

  receive(message) {
    const act = {
      draw: () => this._draw(message),
      done: () => this._done(message.id),
      url: () => history[message.replace ? "replaceState" : "pushState"](null, "", message.search || location.pathname),
      store: () => keep(message.area === "session" ? sessionStorage : localStorage, message.values),
      look: () => look(message),
      toast: () => this._toast(message),
      focus: () => document.querySelector(message.selector)?.focus(),
      close: () => document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close()),
      download: () => Object.assign(document.createElement("a"), {href: message.url, download: ""}).click(),
      play: () => this.player.playSpan(message.start_ms, message.end_ms),
    }[message.kind]
    act?.()
  }

  // The server has gone or has forgotten us. Address and token are still here, so a fresh page is where this one was.
  lose() {
    const lost = document.getElementById("lost")
    lost.textContent = lost.dataset[document.documentElement.lang]
    lost.hidden = false
    const knock = () =>
      fetch(import.meta.url, {cache: "no-store"}).then(() => document.hidden || location.reload(), () => {})
    setInterval(knock, KNOCK_MS)
  }

  _draw({page, title, regions, order, live, arrived}) {
    document.body.dataset.page = page
    document.title = title
    this._arrange(order)
    for (const [name, html] of Object.entries(regions)) {
      if (live && this._hands()) this._held.set(name, html)
      else {
        this._held.delete(name)
        this._fill(name, html)
      }
    }
    if (arrived) {
      this.main.setAttribute("aria-busy", "false")
      if (arrived === "new") this._arrive()
    }
    this.player.attach()
  }

  _arrange(order) {
    const wanted = new Set(order)
    for (const old of [...this.main.children]) if (!wanted.has(old.dataset.region)) old.remove()
    order.forEach((name, place) => {
      let region = this.main.querySelector(`:scope > [data-region="${name}"]`)
      if (!region) {
        region = document.createElement("div")
        region.dataset.region = name
      }
      if (this.main.children[place] !== region) this.main.insertBefore(region, this.main.children[place] ?? null)
    })
  }

  _fill(name, html) {
    const region = document.querySelector(`[data-region="${name}"]`)
    if (!region) return
    morph(region, html, {keeps: keepsItself, theirs: isTheirs})
    this.charts.refresh(region)
  }

  _arrive() {
    scrollTo({top: 0})
    const heading = this.main.querySelector("h1")
    heading?.setAttribute("tabindex", "-1")
    heading?.focus({preventScroll: true})
  }

  _done(id) {
    const element = this._waiting.get(id)
    this._waiting.delete(id)
    element?.removeAttribute("aria-busy")
    if (!this._waiting.size) document.body.classList.remove("is-waiting")
  }

  // Whether the person is at something that a change under their hands would spoil.
  _hands() {
    const field = document.activeElement?.closest?.("#main input, #main select, #main textarea")
    return this._pressed || Boolean(field) || Boolean(document.querySelector("dialog[open]")) || !getSelection().isCollapsed
  }

  _release() {
    if (!this._held.size || this._hands()) return
    for (const [name, html] of this._held) this._fill(name, html)
    this._held.clear()
  }

  _toast({text, tone}) {
    const toast = Object.assign(document.createElement("div"), {className: `toast is-${tone}`, textContent: text})
    document.getElementById("toasts").append(toast)
    setTimeout(() => toast.remove(), TOAST_MS)
  }

  _listen() {
    document.addEventListener("click", (event) => this._click(event))
    document.addEventListener("submit", (event) => this._submit(event))
    document.addEventListener("change", (event) => this._change(event))
    document.addEventListener("input", (event) => this._input(event))
    document.addEventListener("keydown", (event) => this._key(event))
    document.addEventListener("pointerdown", () => (this._pressed = true))
    for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => (this._pressed = false))
    document.addEventListener("visibilitychange", () => this.tell({do: document.hidden ? "hidden" : "visible"}))
    addEventListener("popstate", () => {
      document.activeElement?.blur() // the field that was left is the page's again
      this.tell({do: "go", data: {search: location.search, how: "back"}})
    })
  }

  _click(event) {
    for (const pop of document.querySelectorAll("details.pop[open]")) if (!pop.contains(event.target)) pop.open = false
    const opener = event.target.closest("[data-opens]")
    if (opener) document.getElementById(opener.dataset.opens)?.showModal()
    event.target.closest("[data-closes]")?.closest("dialog")?.close()
    const cycler = event.target.closest("[data-cycles]")
    if (cycler) return cycle(cycler.form.elements[cycler.dataset.cycles])
    const link = event.target.closest('a[href^="?"]')
    if (link && !(event.metaKey || event.ctrlKey || event.shiftKey || link.target)) {
      event.preventDefault()
      return this.tell({do: "go", data: {search: link.getAttribute("href"), how: "link"}}, link)
    }
    const element = event.target.closest("[data-do]")
    if (!element || element.matches("form, [data-chart]") || element.getAttribute("aria-busy") === "true" || element.disabled) return
    event.preventDefault()
    if (element.dataset.do === "restart") return this._greet()
    this.tell({do: element.dataset.do, value: element.value ?? "", data: {...element.dataset}, form: fields(element.closest("form"))}, element)
  }

  _submit(event) {
    const form = event.target
    if (!form.dataset.do) return
    event.preventDefault()
    const button = event.submitter
    if (button?.getAttribute("aria-busy") === "true") return
    form.closest("details.pop")?.removeAttribute("open")
    this.tell({do: form.dataset.do, value: button?.value ?? "", data: {...form.dataset}, form: fields(form)}, button)
  }

  _change(event) {
    const element = event.target.closest("[data-change]")
    if (!element) return
    const {value, dataset} = event.target
    const message = {value, data: {...element.dataset, ...dataset}, form: fields(event.target.closest("form"))}
    this.tell({...message, do: element.dataset.change})
  }

  _input(event) {
    const field = event.target.closest("[data-input]")
    if (!field) return
    clearTimeout(this._typing.get(field))
    const tell = () => this.tell({do: field.dataset.input, value: field.value, data: {...field.dataset}, form: fields(field.form)})
    this._typing.set(field, setTimeout(tell, TYPING_PAUSE_MS))
  }

  _key(event) {
    if (event.key === "Escape" && event.target.matches?.("#main input, #main textarea")) return event.target.blur()
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return
    const dialog = document.querySelector("dialog[open]")
    if (!dialog && this.player.key(event)) return event.preventDefault()
    const key = keyOf(event)
    const meant = (e) => e.dataset.key === key && e.checkVisibility() && (!dialog || dialog.contains(e))
    const element = [...document.querySelectorAll("[data-key]")].find(meant)
    if (!element) return
    event.preventDefault()
    element.matches("input, select, textarea") && element.type !== "radio" && element.type !== "checkbox" ? element.focus() : element.click()
  }
}

// Charts and audio hold what HTML can't say: they take a new element's attributes and keep what is inside.
function keepsItself(old, fresh) {
  if (old.matches("[data-chart]") && fresh.matches("[data-chart]")) {
    for (const {name, value} of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value)
    return false
  }
  return !(old.matches("audio") && fresh.matches("audio") && old.id === fresh.id && !old.error)
}

// What the person opened stays open; what the player marked stays marked.
function isTheirs(name, element) {
  if (name === "open") return element.matches("details, dialog")
  return name === "aria-busy" || (element.closest("[data-player]") && ["aria-valuenow", "aria-valuetext", "style"].includes(name))
}

function fields(form) {
  return form ? [...new FormData(form)].map(([name, value]) => [name, String(value)]) : []
}

function session() {
  return {token: sessionStorage.getItem("token") ?? "", api: sessionStorage.getItem("api") ?? ""}
}

function chosen() {
  return {language: localStorage.getItem("language") ?? "", theme: document.documentElement.dataset.theme}
}

function keep(storage, values) {
  for (const [name, value] of Object.entries(values)) value === null ? storage.removeItem(name) : storage.setItem(name, value)
}

function look({language, theme}) {
  document.documentElement.lang = language
  document.documentElement.dataset.theme = theme
  dispatchEvent(new Event("look"))
}
