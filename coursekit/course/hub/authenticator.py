"""Students who choose a password, on accounts that are made for them."""

from jupyterhub.auth import LocalAuthenticator
from nativeauthenticator import NativeAuthenticator


class LocalNativeAuthenticator(LocalAuthenticator, NativeAuthenticator):
    """`NativeAuthenticator`, whose users get an account of the machine.

    A name on the list lets nobody in by itself: whoever comes first could take it. An instructor,
    who signs up before the address is given out, confirms each sign-up.
    """

    def get_authed_users(self) -> set[str]:
        """Who needs no confirmation (any more)."""
        known = {name: self.get_user(name) for name in super().get_authed_users()}
        let_in = {name for name, user in known.items() if user is not None and user.is_authorized}
        return let_in | set(self.admin_users)
