"""`gatecli-admission disarm`: the webhook configurations are deleted, so that nothing is refused anymore."""

from __future__ import annotations

import asyncio

import typer

from admission.cluster.access import Access
from admission.cluster.client import Client, ClusterError, MissingError, ResourceKind
from admission.commands.options import SECONDS, Context, Kubeconfig, Server, access_of
from admission.settings import read_settings
from admission.tls.certificate_manager import CONFIGURATIONS
from gatecli.frontdoor.console import out

app = typer.Typer(add_completion=False)


@app.command("disarm")
def disarm(kubeconfig: Kubeconfig = None, context: Context = "", server: Server = "") -> None:
    """Delete both webhook configurations: nothing is refused anymore, and nothing searched.

    Exit code 0 if none is left, 4 if one could not be deleted.
    """
    asyncio.run(_delete_all(access_of(kubeconfig, context, server), read_settings().name))


async def _delete_all(access: Access, name: str) -> None:
    """Try each, whatever becomes of the others; raises the first ClusterError."""
    async with Client(access, seconds=SECONDS) as client:
        outcomes = [await _delete(client, kind, name) for kind in CONFIGURATIONS]
    problems = [each for each in outcomes if isinstance(each, ClusterError)]
    out("".join(f"{each}\n" for each in outcomes if isinstance(each, str)))
    if problems:
        raise problems[0]


async def _delete(client: Client, kind: ResourceKind, name: str) -> str | ClusterError:
    try:
        await client.delete(kind.path(name=name))
    except MissingError:
        return f"{kind.plural}/{name} is not there"
    except ClusterError as error:
        return error
    return f"{kind.plural}/{name} is deleted"
