// Starts the API browser on this deployment's own document. Nothing is asked of any other host.
"use strict";

SwaggerUIBundle({
  url: "/api/v1/openapi.json",
  domNode: document.getElementById("browser"),
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  tagsSorter: "alpha",
  // A token typed here is forgotten with the page.
  persistAuthorization: false,
  // The address of the document must not be chosen by a link.
  queryConfigEnabled: false,
  // No badge from the validator's public service.
  validatorUrl: null,
});
