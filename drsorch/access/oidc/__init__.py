"""Sign-in through an identity provider with OpenID Connect, and its access tokens at the API."""
