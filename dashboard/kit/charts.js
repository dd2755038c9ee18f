// Draws every [data-chart] with ECharts, which Panel ships and this server serves; fetched when the first chart is met.
// Colours come from the page's CSS variables, so that a change of theme is a redraw and no message to the server.

let library = null

function load() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.onload = () => resolve(window.echarts)
    script.onerror = () => reject(new Error("charts could not be loaded"))
    script.src = document.documentElement.dataset.echarts
    script.nonce = document.currentScript?.nonce ?? document.querySelector("script[nonce]")?.nonce ?? ""
    document.head.append(script)
  })
  return library
}

function theme() {
  const style = getComputedStyle(document.documentElement)
  const of = (name) => style.getPropertyValue(name).trim()
  const axis = {
    axisLine: {lineStyle: {color: of("--line")}},
    axisTick: {show: false},
    axisLabel: {color: of("--muted"), fontFamily: of("--font")},
    splitLine: {lineStyle: {color: of("--line")}},
    nameTextStyle: {color: of("--muted")},
  }
  return {
    color: [of("--accent"), of("--chart-2"), of("--chart-3"), of("--chart-4")],
    textStyle: {fontFamily: of("--font"), color: of("--text")},
    categoryAxis: {...axis, splitLine: {show: false}},
    valueAxis: {...axis, axisLine: {show: false}},
    legend: {textStyle: {color: of("--muted")}},
    tooltip: {backgroundColor: of("--card"), borderColor: of("--line"), textStyle: {color: of("--text")}},
  }
}

export class Charts {
  constructor(tell) {
    this._tell = tell
    this._drawn = new Map() // element → {chart, option}
    this._sizes = new ResizeObserver((entries) => entries.forEach(({target}) => this._drawn.get(target)?.chart.resize()))
    addEventListener("look", () => this._again())
  }

  async refresh(region) {
    this._sweep()
    const places = [...region.querySelectorAll("[data-chart]")]
    if (!places.length) return
    const echarts = await load()
    for (const place of places) if (place.isConnected) this._draw(echarts, place)
  }

  _draw(echarts, place) {
    const option = place.dataset.chart
    const drawn = this._drawn.get(place)
    if (drawn?.option === option) return
    const chart = drawn?.chart ?? this._new(echarts, place)
    chart.setOption(inWords(JSON.parse(option)), {notMerge: true})
    this._drawn.set(place, {chart, option})
  }

  _new(echarts, place) {
    const chart = echarts.init(place, theme(), {renderer: "svg"})
    chart.on("click", ({data, name, seriesName}) => {
      if (place.dataset.do) this._tell({do: place.dataset.do, value: name, data: {...place.dataset, chart: "", series: seriesName ?? "", ...data?.go}})
    })
    this._sizes.observe(place)
    return chart
  }

  _sweep() {
    for (const [place, {chart}] of this._drawn) {
      if (place.isConnected) continue
      this._sizes.unobserve(place)
      chart.dispose()
      this._drawn.delete(place)
    }
  }

  async _again() {
    for (const [place, {chart}] of [...this._drawn]) {
      chart.dispose()
      this._drawn.delete(place)
      this._draw(await load(), place)
    }
  }
}

// What JSON can't say: an axis of percents, and a tooltip with the words that each value carries.
function inWords({shares, ...option}) {
  if (shares) for (const axis of [option.xAxis, option.yAxis]) {
    if (axis.type === "value") axis.axisLabel = {formatter: (value) => `${Math.round(value * 100)}%`}
  }
  option.tooltip.formatter = ({name, seriesName, value, data}) => {
    const lines = [name, option.series.length > 1 ? seriesName : "", data?.label_text || String(value)]
    const box = document.createElement("div")
    box.textContent = lines.filter(Boolean).join(": ")
    return box
  }
  return option
}
