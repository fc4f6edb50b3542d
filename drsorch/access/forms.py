"""The sign-in form."""

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError


class SignInForm(AuthenticationForm):
    """Name and password. Says the same for a wrong password, an unknown name and an inactive user."""

    def get_invalid_login_error(self) -> ValidationError:
        """Return the error at the password field, where the person corrects it first."""
        sentence = "The username or the password is wrong. Both are case-sensitive."
        return ValidationError({"password": ValidationError(sentence, code="invalid_login")})
