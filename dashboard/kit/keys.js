// What a key press means, whatever is focused and whichever alphabet is on.

// As typed; where the layout has other letters than ours (Cyrillic), the one that stands there on a Latin keyboard.
export function keyOf(event) {
  const place = /^Key([A-Z])$/.exec(event.code)
  if (place && !/^[\x20-\x7e]$/.test(event.key)) return place[1].toLowerCase()
  return event.key.length === 1 ? event.key.toLowerCase() : event.key
}

// Whether letters go into a field.
export function isTyping(element) {
  return element.closest?.("textarea, select, dialog[open] input, input:not([type=radio]):not([type=checkbox]), [contenteditable]") !== null
}

// Picks the radio button after the one that is picked.
export function cycle(radios) {
  const all = [...radios]
  all[(all.findIndex((radio) => radio.checked) + 1) % all.length].click()
}
