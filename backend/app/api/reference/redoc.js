// Begins Redoc. It makes style elements, which the policy of the page allows by the nonce of this
// script only. Its search would need a worker that is made of text.
Redoc.init(
  "openapi.json",
  { disableSearch: true, nonce: document.currentScript.nonce },
  document.getElementById("reference"),
);
