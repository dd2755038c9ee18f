// Plays a dialogue: the whole, or exactly a quote's span; follows the words. Works on the page's one [data-player].
//
// Inside it: <audio>, [data-toggle], [data-wave] (a slider), [data-clock]. Anywhere: [data-span="start end"] plays that
// span (ms), [data-w="start end"] is a word that is marked while it is heard and sought when clicked.

const STEP_MS = 2000

export class Player {
  constructor(tell) {
    this._tell = tell
    this._box = null
    this._audio = null
    this._end = null // ms at which a span ends
    document.addEventListener("click", (event) => this._click(event))
  }

  attach() {
    const box = document.querySelector("[data-player]")
    const audio = box?.querySelector("audio") ?? null
    if (audio !== this._audio) {
      this._audio?.pause()
      this._audio = audio
      this._end = null
      if (audio) this._listen(audio)
    }
    this._box = box
    if (box) this._show()
  }

  _listen(audio) {
    for (const name of ["play", "pause", "seeked", "timeupdate", "loadedmetadata"]) audio.addEventListener(name, () => this._show())
    audio.addEventListener("play", () => this._follow())
    audio.addEventListener("error", () => this._tell({do: "clip_failed"}))
  }

  // Frame by frame while it plays: `timeupdate` comes four times a second, too seldom to end a quote at its last word.
  _follow() {
    if (!this._audio || this._audio.paused) return
    if (this._end !== null && this._now() >= this._end) {
      this._audio.pause()
      this._audio.currentTime = this._end / 1000
      this._end = null
    }
    this._show()
    requestAnimationFrame(() => this._follow())
  }

  _now() {
    return this._audio.currentTime * 1000
  }

  _length() {
    return Number(this._box.dataset.duration)
  }

  playSpan(start, end) {
    if (!this._audio) return
    this._audio.currentTime = start / 1000
    this._end = end
    this._audio.play()
  }

  toggle() {
    this._end = null
    this._audio.paused ? this._audio.play() : this._audio.pause()
  }

  seek(ms) {
    this._end = null
    this._audio.currentTime = Math.min(Math.max(ms, 0), this._length()) / 1000
  }

  _click(event) {
    if (!this._audio) return
    const span = event.target.closest("[data-span]")
    if (span) return this.playSpan(...span.dataset.span.split(" ").map(Number))
    if (event.target.closest("[data-toggle]")) return this.toggle()
    const wave = event.target.closest("[data-wave]")
    if (wave) {
      const {left, width} = wave.getBoundingClientRect()
      return this.seek(((event.clientX - left) / width) * this._length())
    }
    const word = event.target.closest("[data-w]")
    if (word && getSelection().isCollapsed) this.seek(Number(word.dataset.w.split(" ")[0]))
  }

  // Space plays and pauses, arrows step; true when the key was the player's.
  key(event) {
    if (!this._audio || event.shiftKey) return false
    const onControl = event.target.closest("button, a, summary, input, select, textarea")
    if (event.key === " " && !onControl) return this.toggle(), true
    if (event.target.closest("input")) return false
    if (event.key === "ArrowLeft") return this.seek(this._now() - STEP_MS), true
    if (event.key === "ArrowRight") return this.seek(this._now() + STEP_MS), true
    return false
  }

  _show() {
    const now = this._now(), length = this._length()
    this._box.classList.toggle("is-playing", !this._audio.paused)
    const toggle = this._box.querySelector("[data-toggle]")
    const label = this._audio.paused ? toggle.dataset.playLabel : toggle.dataset.pauseLabel
    if (toggle.getAttribute("aria-label") !== label) toggle.setAttribute("aria-label", label)
    const wave = this._box.querySelector("[data-wave]")
    wave.style.setProperty("--at", String(length ? Math.min(now / length, 1) : 0))
    wave.setAttribute("aria-valuenow", String(Math.round(now / 1000)))
    wave.setAttribute("aria-valuetext", clock(now))
    this._box.querySelector("[data-clock]").textContent = `${clock(now)} / ${clock(length)}`
    this._mark(now)
  }

  _mark(now) {
    for (const word of document.querySelectorAll("[data-w]")) {
      const [start, end] = word.dataset.w.split(" ").map(Number)
      word.classList.toggle("is-heard", start <= now && now < end && now > 0)
    }
  }
}

function clock(ms) {
  const seconds = Math.floor(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}
