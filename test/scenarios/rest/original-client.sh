# A client written against the REST definitions of WSO2 API Manager 3.2: registers itself, imports and publishes an API,
# subscribes an application, calls, blocks, unblocks, makes a new version, deprecates and retires the old one.
# Environment: SERVER (https://localhost:9443), GATEWAY (https://localhost:8243), BACKEND (http://…), DEFINITION (a file).
# Prints `step status` lines; ends at the first call that is not answered as expected.
set -eu

say() { echo "$1"; }
field() { sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' | head -n 1; }
# expect STATUS NAME curl-arguments…: leaves the body in $body
expect() {
  want=$1 name=$2
  shift 2
  answer=$(curl -sk -w '\n%{http_code}' "$@")
  status=${answer##*
}
  body=${answer%
*}
  say "$name $status"
  if [ "$status" != "$want" ]; then
    say "expected $want: $body"
    exit 1
  fi
}
# As expect, until it is so: a decision reaches the gateway within milliseconds, not in none.
eventually() {
  want=$1 name=$2
  shift 2
  tries=0
  while [ "$(curl -sk -o /dev/null -w '%{http_code}' "$@")" != "$want" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 200 ]; then expect "$want" "$name" "$@"; fi
  done
  say "$name $want"
}

PUBLISHER="$SERVER/api/am/publisher/v1"
STORE="$SERVER/api/am/store/v1"

# Registration, and a token with the scopes of everything below.
expect 200 register -u admin:admin -H 'Content-Type: application/json' \
  -d '{"callbackUrl":"www.google.lk","clientName":"rest_api_client","owner":"admin","grantType":"password refresh_token","saasApp":true}' \
  "$SERVER/client-registration/v0.17/register"
ID=$(echo "$body" | field clientId)
SECRET=$(echo "$body" | field clientSecret)
expect 200 token -u "$ID:$SECRET" -d grant_type=password -d username=admin -d password=admin \
  --data-urlencode 'scope=apim:api_view apim:api_create apim:api_publish apim:api_delete apim:subscription_view apim:subscription_block apim:subscribe apim:app_manage apim:sub_manage' \
  "$SERVER/oauth2/token"
AUTH="Authorization: Bearer $(echo "$body" | field access_token)"

# Publisher.
expect 200 validate -H "$AUTH" -F "file=@$DEFINITION" "$PUBLISHER/apis/validate-openapi"
PROPERTIES='{"name":"LibraryAPI","version":"1.0.0","context":"/library","policies":["Unlimited","Gold"],"endpointConfig":{"endpoint_type":"http","production_endpoints":{"url":"'"$BACKEND"'"},"sandbox_endpoints":{"url":"'"$BACKEND"'"}}}'
expect 201 import -H "$AUTH" -F "file=@$DEFINITION" -F "additionalProperties=$PROPERTIES" "$PUBLISHER/apis/import-openapi"
API=$(echo "$body" | field id)
expect 409 import-again -H "$AUTH" -F "file=@$DEFINITION" -F "additionalProperties=$PROPERTIES" "$PUBLISHER/apis/import-openapi"
expect 200 get -H "$AUTH" "$PUBLISHER/apis/$API"
expect 200 put -X PUT -H "$AUTH" -H 'Content-Type: application/json' -d "$body" "$PUBLISHER/apis/$API"
expect 200 publish -X POST -H "$AUTH" "$PUBLISHER/apis/change-lifecycle?apiId=$API&action=Publish"
expect 200 search -H "$AUTH" "$PUBLISHER/apis?query=name:Library&limit=5"

# Developer portal.
expect 200 browse "$STORE/apis?query=LibraryAPI"
expect 201 application -H "$AUTH" -H 'Content-Type: application/json' \
  -d '{"name":"reader","throttlingPolicy":"Unlimited","description":"reads","tokenType":"JWT","groups":null,"attributes":{}}' "$STORE/applications"
APPLICATION=$(echo "$body" | field applicationId)
expect 200 keys -H "$AUTH" -H 'Content-Type: application/json' \
  -d '{"keyType":"PRODUCTION","grantTypesToBeSupported":["password","client_credentials"],"callbackUrl":"http://localhost/cb","validityTime":3600}' \
  "$STORE/applications/$APPLICATION/generate-keys"
KEY=$(echo "$body" | field consumerKey)
KEYSECRET=$(echo "$body" | field consumerSecret)
expect 201 subscribe -H "$AUTH" -H 'Content-Type: application/json' \
  -d '{"applicationId":"'"$APPLICATION"'","apiId":"'"$API"'","throttlingPolicy":"Gold"}' "$STORE/subscriptions"
SUBSCRIPTION=$(echo "$body" | field subscriptionId)

# A call, a block, the end of the block.
expect 200 application-token -u "$KEY:$KEYSECRET" -d grant_type=client_credentials "$GATEWAY/token"
CALL="Authorization: Bearer $(echo "$body" | field access_token)"
eventually 200 call -H "$CALL" "$GATEWAY/library/1.0.0/books"
expect 200 block -X POST -H "$AUTH" "$PUBLISHER/subscriptions/block-subscription?subscriptionId=$SUBSCRIPTION&blockState=BLOCKED"
eventually 403 blocked -H "$CALL" "$GATEWAY/library/1.0.0/books"
expect 200 unblock -X POST -H "$AUTH" "$PUBLISHER/subscriptions/unblock-subscription?subscriptionId=$SUBSCRIPTION"
eventually 200 unblocked -H "$CALL" "$GATEWAY/library/1.0.0/books"

# A new version; the old one is deprecated, then retired.
expect 201 copy -X POST -H "$AUTH" "$PUBLISHER/apis/copy-api?apiId=$API&newVersion=2.0.0&defaultVersion=false"
NEW=$(echo "$body" | field id)
expect 200 publish-new -X POST -H "$AUTH" "$PUBLISHER/apis/change-lifecycle?apiId=$NEW&action=Publish"
eventually 200 call-new -H "$CALL" "$GATEWAY/library/2.0.0/books"
expect 200 deprecate -X POST -H "$AUTH" "$PUBLISHER/apis/change-lifecycle?apiId=$API&action=Deprecate"
expect 200 call-deprecated -H "$CALL" "$GATEWAY/library/1.0.0/books"
expect 200 retire -X POST -H "$AUTH" "$PUBLISHER/apis/change-lifecycle?apiId=$API&action=Retire"
eventually 404 retired -H "$CALL" "$GATEWAY/library/1.0.0/books"
expect 200 history -H "$AUTH" "$PUBLISHER/apis/$API/lifecycle-history"
say done
