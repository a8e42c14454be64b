// Brings the figure into view in a picture that is larger than its box, and says why there is none.
for (const image of document.querySelectorAll(".picture img")) {
  const box = image.closest(".scroll");
  const { x, y, share } = image.dataset;
  const place = () => {
    if (!image.hasAttribute("width") && image.naturalWidth > 0) {
      // Two of its pixels are one of the page, as where the size was known before.
      image.width = image.naturalWidth / 2;
      image.height = image.naturalHeight / 2;
    }
    // One point of a page is one pixel here; a page counts its points from the lower left.
    const left = share === undefined ? Number(x) : Number(share) * image.clientWidth;
    box.scrollLeft = left - 0.7 * box.clientWidth;
    if (y !== undefined) box.scrollTop = image.clientHeight - Number(y) - 0.5 * box.clientHeight;
  };
  const explain = async () => {
    let reason = "it cannot be drawn";
    try {
      const answer = await fetch(image.currentSrc || image.src, { headers: { Accept: "application/json" } });
      reason = (await answer.json()).detail ?? reason;
    } catch {
      // The words above say page and printed figure all the same.
    }
    const part = image.closest(".picture");
    if (!document.querySelector(".no-picture")) {
      const said = document.createElement("p");
      said.className = "no-picture";
      said.setAttribute("role", "status");
      said.textContent = `There is no picture of the page: ${reason}.`;
      part.before(said);
    }
    part.remove();
  };
  image.addEventListener("load", place);
  image.addEventListener("error", explain);
  image.closest("details")?.addEventListener("toggle", place);
  if (image.complete && image.currentSrc && image.naturalWidth === 0) explain();
  place();
}
