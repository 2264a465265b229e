// What the test around these files says on the command line:
//   node FILE.mjs --web HOST:PORT --small HOST:PORT --shop contracts.pb --gifts gifts.pb
// `web` exposes everything, `small` the reviews alone. The test of the browser is told besides on which port of
// 127.0.0.1 to serve its page, whose origin may call `web`, and where to keep a picture of it:
//   --page PORT --screenshot FILE.png
// The test of the shop's site is told where that is, and the mobile frontend, what is wrong with the shop just now, and
// the folder for its pictures:
//   --site HOST:PORT --mobile HOST:PORT --trouble none|reviews|prices --pictures FOLDER
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    web: { type: "string" },
    small: { type: "string" },
    shop: { type: "string" },
    gifts: { type: "string" },
    page: { type: "string" },
    screenshot: { type: "string" },
    site: { type: "string" },
    mobile: { type: "string" },
    trouble: { type: "string" },
    pictures: { type: "string" },
  },
});

export const web = `http://${values.web}`;
export const small = `http://${values.small}`;
export const shopContracts = values.shop;
export const giftContracts = values.gifts;
export const pagePort = Number(values.page);
export const screenshot = values.screenshot;
export const site = `http://${values.site}`;
export const mobile = `http://${values.mobile}`;
export const trouble = values.trouble;
export const pictures = values.pictures;
export const book = "pojos-in-action";
// A page of this origin may call.
export const origin = "http://localhost:8000";
