"use strict";
const page = document.body.dataset;
SwaggerUIBundle({
  url: page.schema,
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    request.headers["X-CSRFToken"] = page.csrf;
    return request;
  },
});
