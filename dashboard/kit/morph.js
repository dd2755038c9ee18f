// Makes a region's elements what the server's HTML says, changing only what differs: a node that stays keeps its focus,
// scroll, selection and what plays in it. Elements with an id are the same wherever they stand among their siblings;
// others are the same if they stand in turn and have one tag.

// keeps(old, fresh) → false where the old element stays as it is; theirs(name, element) → an attribute the browser owns.
export function morph(region, html, {keeps, theirs}) {
  const template = document.createElement("template")
  template.innerHTML = html
  morphChildren(region, template.content, {keeps, theirs})
}

function morphChildren(old, fresh, rules) {
  const named = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]))
  const wanted = new Set([...fresh.children].map((child) => child.id).filter(Boolean))
  let at = old.firstChild
  for (const child of [...fresh.childNodes]) {
    while (at && at.id && !wanted.has(at.id)) at = removed(at)
    const same = child.id ? named.get(child.id) : at && !at.id && isSame(at, child) ? at : null
    if (same && isSame(same, child)) {
      if (same === at) at = at.nextSibling
      else old.insertBefore(same, at)
      morphNode(same, child, rules)
    } else {
      old.insertBefore(child, at)
    }
  }
  while (at) at = removed(at)
}

function removed(node) {
  const next = node.nextSibling
  node.remove()
  return next
}

function isSame(old, fresh) {
  return old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName
}

function morphNode(old, fresh, rules) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue
    return
  }
  if (!rules.keeps(old, fresh)) return
  morphAttributes(old, fresh, rules)
  morphChildren(old, fresh, rules)
  if (old !== document.activeElement) morphField(old, fresh)
}

function morphAttributes(old, fresh, {theirs}) {
  for (const {name, value} of [...fresh.attributes])
    if (old.getAttribute(name) !== value && !theirs(name, old)) old.setAttribute(name, value)
  for (const {name} of [...old.attributes]) if (!fresh.hasAttribute(name) && !theirs(name, old)) old.removeAttribute(name)
}

// What a person typed or chose is a property, not an attribute: the server's word counts, save under their hands.
function morphField(old, fresh) {
  if (old.matches("input[type=checkbox], input[type=radio]")) old.checked = fresh.checked
  else if (old.matches("input:not([type=file]), textarea, select") && old.value !== fresh.value) old.value = fresh.value
}
