// Reads a sandbox with the vendor's own JavaScript client and prints what it saw as one JSON document.
const { Client } = require("@hubspot/api-client");

const [url, token] = process.argv.slice(2);
const client = new Client({ accessToken: token, basePath: url });

async function walk(api) {
  const ids = [];
  let after;
  do {
    const page = await api.getPage(100, after, ["name", "dealname"], undefined, ["deals"]);
    ids.push(...page.results.map((record) => record.id));
    after = page.paging?.next?.after;
  } while (after);
  return ids;
}

async function main() {
  const companies = await walk(client.crm.companies.basicApi);
  const deals = await walk(client.crm.deals.basicApi);
  const found = await client.crm.companies.searchApi.doSearch({
    filterGroups: [{ filters: [{ propertyName: "hs_object_id", operator: "GT", value: companies[9] }] }],
    sorts: ["hs_object_id"],
    properties: ["name"],
    limit: 200,
  });
  const linked = await client.crm.associations.v4.batchApi.getPage("deals", "companies", {
    inputs: deals.slice(0, 50).map((id) => ({ id })),
  });
  const owners = await client.crm.owners.ownersApi.getPage();
  const pipelines = await client.crm.pipelines.pipelinesApi.getAll("deals");
  const properties = await client.crm.properties.coreApi.getAll("companies");
  console.log(
    JSON.stringify({
      companies,
      deals,
      found: found.results.map((record) => record.id),
      total: found.total,
      created: found.results[0].createdAt.toISOString(),
      primary: linked.results.map((one) => [
        one._from.id,
        String(one.to.find((to) => to.associationTypes.some((type) => type.typeId === 5)).toObjectId),
      ]),
      owners: owners.results.map((owner) => owner.id),
      stages: pipelines.results[0].stages.map((stage) => stage.id),
      types: Object.fromEntries(properties.results.map((property) => [property.name, property.type])),
    }),
  );
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
