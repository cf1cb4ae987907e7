"""Publishes, lists and downloads with the client that openapi-python-client made of the API's document."""

import json
import sys
from io import BytesIO

from cairn_client import AuthenticatedClient
from cairn_client.api.generic import get_generic_file, publish_generic_file
from cairn_client.api.packages import get_package, list_packages
from cairn_client.models import PackageType
from cairn_client.types import File

base_url, token, owner = sys.argv[1:4]
client = AuthenticatedClient(base_url=base_url, token=token)
place = {"owner": owner, "package": "tool", "version": "1", "file": "a.bin", "client": client}

body = File(payload=BytesIO(bytes([0, 255, 128, 10])))
published = publish_generic_file.sync_detailed(body=body, **place)
listed = list_packages.sync(owner=owner, type_="generic", limit=5, client=client)
read = get_generic_file.sync(**place)
absent = get_package.sync(
    owner=owner, type_=PackageType.GENERIC, name="none", version="1", client=client
)
answer = {
    "published": int(published.status_code),
    "listed": [[each.owner.login, each.name, each.version] for each in listed],
    "read": list(read.payload.read()),
    "absent": str(absent.code),
}
print(json.dumps(answer))
