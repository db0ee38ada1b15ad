/** Publishes a printer by bonjour-service, and prints a line when it is announced. */
const { Bonjour } = require("bonjour-service")

const service = new Bonjour().publish({
  name: "a printer",
  type: "ipp",
  port: 631,
  host: "printer.local",
  probe: false
})
service.once("up", () => console.log("up"))
