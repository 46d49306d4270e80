/* Search without a server: browsers start no worker for a page that was opened from a folder, so the
   search's script runs in a hidden frame instead, which offers it what a worker would. */
"use strict"
if (location.protocol === "file:") {
  const inFrame = () => {
    const answers = window.parent
    window.postMessage = data => answers.postMessage(data, "*")
    window.importScripts = (...urls) =>
      urls.reduce(
        (before, url) =>
          before.then(
            () =>
              new Promise((done, failed) => {
                const script = document.createElement("script")
                Object.assign(script, { src: url, onload: done, onerror: failed })
                document.body.appendChild(script)
              })
          ),
        Promise.resolve()
      )
  }

  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.body.appendChild(frame)
      this.frame = frame
      this.inbox = event => this.receive(event)
      window.addEventListener("message", this.inbox)
      const page = frame.contentWindow.document
      page.open()
      page.write(`<body><script>(${inFrame})()</` + `script><script src="${url}"></` + `script></body>`)
      page.close()
      this.ready = new Promise(done => frame.contentWindow.addEventListener("load", done))
    }

    receive(event) {
      if (event.source !== this.frame.contentWindow) return
      const message = new MessageEvent("message", { data: event.data })
      this.dispatchEvent(message)
      if (this.onmessage) this.onmessage(message)
    }

    postMessage(data) {
      this.ready.then(() => this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data })))
    }

    terminate() {
      window.removeEventListener("message", this.inbox)
      this.frame.remove()
    }
  }
}
