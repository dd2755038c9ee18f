// The bridge as a Panel component: Python's messages in, the person's doings out. All else is in screen.js, which the
// browser keeps in its cache.

export async function render({model}) {
  const {Screen} = await import(new URL(model.screen_url, document.baseURI).href)
  const screen = new Screen((message) => model.send_msg(message))
  model.on("msg:custom", (message) => screen.receive(message))
  for (const page of window.Bokeh.documents) page.on_event("connection_lost", () => screen.lose())
  screen.start()
}
