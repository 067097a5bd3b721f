// The map of labs. Before it there is a drawing of the same dots, made without a script.

// Only the parts that a map of dots needs: the whole library is a third larger.
import { Map as LeafletMap } from "leaflet/src/map/Map.js";
import "leaflet/src/map/handler/Map.Drag.js";
import "leaflet/src/map/handler/Map.Keyboard.js";
import "leaflet/src/map/handler/Map.ScrollWheelZoom.js";
import "leaflet/src/map/handler/Map.TouchZoom.js";
import { zoom } from "leaflet/src/control/Control.Zoom.js";
import { tileLayer } from "leaflet/src/layer/tile/TileLayer.js";
import { SVG } from "leaflet/src/layer/vector/SVG.js";
import { circleMarker } from "leaflet/src/layer/vector/CircleMarker.js";

const CLOSEST = 15;

// One renderer for everything: asking the library's own for it brings a second kind along.
LeafletMap.include({
  getRenderer() {
    const renderer = this.options.renderer;
    if (!this.hasLayer(renderer)) this.addLayer(renderer);
    return renderer;
  },
});

function linkTo(dot) {
  const link = document.createElement("a");
  link.href = dot.getAttribute("href");
  link.textContent = dot.querySelector("title").textContent;
  return link;
}

function show(box) {
  const dots = [...box.querySelectorAll("a[data-lat]")].map((dot) => ({
    at: [Number(dot.dataset.lat), Number(dot.dataset.lon)],
    link: linkTo(dot),
  }));
  const place = document.createElement("div");
  const drawing = box.querySelector("svg");
  drawing.replaceWith(place);
  const { tiles, zoomIn, zoomOut } = box.dataset;
  const chosen = box.parentElement.querySelector("[data-map-chosen]");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = new LeafletMap(place, {
    zoomControl: false,
    renderer: new SVG(),
    scrollWheelZoom: false,
    zoomAnimation: !still,
    fadeAnimation: !still,
    maxZoom: 18,
  });
  zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(map);
  if (tiles) {
    tileLayer(tiles, { maxZoom: 18, referrerPolicy: "strict-origin-when-cross-origin" }).addTo(map);
  }
  map.fitBounds(dots.map((dot) => dot.at), { padding: [30, 30], maxZoom: CLOSEST, animate: false });
  for (const { at, link } of dots) {
    circleMarker(at, { radius: 9, className: "map__dot" })
      .on("click", () => chosen.replaceChildren(link))
      .addTo(map);
  }
  box.removeAttribute("aria-hidden");
}

for (const box of document.querySelectorAll("[data-map]")) show(box);
