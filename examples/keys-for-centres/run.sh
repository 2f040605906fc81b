#!/bin/sh
# One model for three centres, of which one leaves. Everything is made in a new folder, which is the only argument.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir "${1:?name a folder that is not there yet}"
cd "$1"
mkdir release opened

digest() { openssl dgst -sha256 -r "release/$1" | cut -d ' ' -f 1; }
accept() { # write the policy that accepts the KeyPolicy as it is now
    sha=$(gatecli keys show release/key-policy.yaml | sed -n '1s/.*sha256 //p')
    sed "s/SHA_OF_KEY_POLICY/$sha/" "$here/gatecli.yaml.in" > release/gatecli.yaml
}
declare_release() {
    sed -e "s/SHA_OF_SEALED/$(digest model.safetensors.age)/" \
        -e "s/SHA_OF_MANIFEST/$(digest model.safetensors.age.manifest.json)/" \
        "$here/privacy.yaml.in" > release/privacy.yaml
}

echo "--- each centre makes a key, and the consortium writes the KeyPolicy"
for centre in north south west; do
    gatecli keys new "$centre.key" > "$centre.pub"
done
sed -e "s/KEY_OF_north/$(cat north.pub)/" -e "s/KEY_OF_south/$(cat south.pub)/" \
    -e "s/KEY_OF_west/$(cat west.pub)/" "$here/key-policy.yaml.in" > release/key-policy.yaml
gatecli keys check release
accept

echo "--- the model is sealed, and the release passes the gate"
printf 'the weights of a model\n' > model.safetensors
gatecli keys seal model.safetensors --key-policy release/key-policy.yaml -o release/model.safetensors.age
declare_release
gatecli release check release

echo "--- a centre opens it"
gatecli keys open release/model.safetensors.age --identity south.key -o opened/south
cmp model.safetensors opened/south

echo "--- south leaves: a new epoch, which the owner of the policy has to accept"
left='revoked: [{recipient: south-statistics, epoch: 2, reason: the contract ended}]'
sed -e 's/epoch: 1/epoch: 2/' -e "s/revoked: \[\]/$left/" release/key-policy.yaml > next.yaml
mv next.yaml release/key-policy.yaml
gatecli keys check release || echo "(closed: the file still opens for south)"
gatecli keys rotate release/model.safetensors.age --key-policy release/key-policy.yaml --identity north.key \
    -o rotated.age
mv rotated.age release/model.safetensors.age
mv rotated.age.manifest.json release/model.safetensors.age.manifest.json
declare_release
gatecli release check release || echo "(closed: nobody has accepted epoch 2 yet)"
accept
gatecli check release --only release --only keys

echo "--- south is shut out, north and west are not"
gatecli keys open release/model.safetensors.age --identity south.key -o opened/south-again && exit 1
for centre in north west; do
    gatecli keys open release/model.safetensors.age --identity "$centre.key" -o "opened/$centre"
    cmp model.safetensors "opened/$centre"
done
